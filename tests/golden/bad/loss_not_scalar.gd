data  X[n, d] from *, y[n]
param w[d]
loss  (X @ w - y)^2
penalty w^2
