data  X[n, d] from *, y[n]
param w[d]
let   r[n] = X*w
loss  mean((r - y)^2)
