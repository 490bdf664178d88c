data  X[n, d] from *, y[n]
param w[d]
let   g = X'*y
let   h = X.*X
let   s = X^T @ y
let   t = X.^2;
let   u = 'text'
loss  mean(g + h + s + t)
