data  y[n]
param m =
let   r = y -
let   s
let   = 3
loss
