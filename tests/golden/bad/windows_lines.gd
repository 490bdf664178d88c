data  x[n], y[n]
param a
loss  mean((x - a*yy)^2)
