data  X[n, d] from *, y[n]
param weights[d], b
let   z = X @ weight + bias
loss  mean((z - y)^2)
