data X[n, d]
param a[d] = normal(0), b[d] = normal(0, -1), c[d] = uniform(1, 0), e > 0 = normal(0, 1)
param f in (0, 1) = uniform(0, 2), g[d] = normal(X, 1), h = normal(0, d2), i = Normal(0, 1)
param j = normal[d](0, 1), l = normal(0, 1) + 1, o = uniform(0, inf), p = random(), q = normal(mean=0, sd=1)
loss sum(a)
