data  y[n]
param m
loss  mean((y - m)^2)
nll   sum((y - m)^2)
