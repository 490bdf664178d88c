data  X[n, d] from *, y[n]
param w[d]
loss  mean[n](sum[d](X @ w - y)^2)
