data  X[n, d] from *, y[n]
param w[d], u[dd]
loss  mean((X @ w - y)^2) + sum[q](u) + sum(u^2)
