data  X[n, d] from *
param w[d]
loss  mean((X[1:3] @ w)^2) + sum[n by d](X)
