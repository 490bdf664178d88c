data  X[n, d] from *
param n, X
let   d = 2
loss  mean(X)
