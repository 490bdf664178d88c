data  y[n] in k, x[n]
param W[k]
let   z = x*W[y]
loss  mean((z - y)^2)
