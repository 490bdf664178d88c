data  y[n]
param m
let   r == y - m
loss  = mean(r^2)
penalty m = 0
