data  x[n], y[n]
const a = 2
loss  mean((y - a*x)^2)
