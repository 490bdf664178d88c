data  X[n, d] from *, y[n]
param w[d], b
let   z = (X @ w + b
let   p = sigmoid(z))
let   q = sum[n(z)
loss  mean((z - y]^2)
