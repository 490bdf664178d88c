data  X[n, d] from *
param a = 1/0, b = log(-1), w[d] = normal(0, -1), v[d] = uniform(1, 0), u[d] = [1, 2]
param r > 0 = normal(1, 1), q = mean(X), z[d] = normal(0), t fixed
loss  mean(X @ (w + v)) + a + b + r + q
