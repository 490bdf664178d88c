data  X[n, d] from *, Y[n, k] from "out*"
param W[d, k]
loss  mean((X*W - Y)^2)
