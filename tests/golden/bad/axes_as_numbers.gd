data  X[n, d] from *, y[n]
param w[d]
loss  mean(sum(X*w, axis=1) - y) + sum[1](X*w) + sum(w, 0)
