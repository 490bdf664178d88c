data  in[n], y[n]
param not, and
let   or = 2
loss  mean(y*or)
