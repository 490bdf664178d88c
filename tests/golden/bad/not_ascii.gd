data  x[n], y[n]
param λ, β1
let   z = x·y − 1
loss  mean((z ≥ 0)*x²) + “a”
