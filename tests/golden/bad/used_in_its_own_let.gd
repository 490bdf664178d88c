data  y[n]
param m
let   r = y - m + r
loss  mean(r^2)
