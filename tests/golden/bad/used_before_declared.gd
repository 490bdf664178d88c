data  y[n]
let   r = y - m
param m
loss  mean(r^2)
