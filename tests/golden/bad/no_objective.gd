data  y[n]
param m
let   r = y - m
