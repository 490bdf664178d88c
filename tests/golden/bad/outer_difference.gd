data  X[n, d] from *
data  y[m]
param w[d]
loss  mean((X @ w - y)^2)
