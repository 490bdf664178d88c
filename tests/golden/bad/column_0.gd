data  X[n, d] from *, y[n]
param w[d],
b
let   z = X @ w
+ b
loss  mean((z
- y)^2)
