data  X[n, d] from *, Y[n, k] from "out*"
param W[k, d]
loss  mean((X @ W - Y)^2)
