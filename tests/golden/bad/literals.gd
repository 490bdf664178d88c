param x
let   a = 1e400*x
let   b = 1e-999*x
let   c = 1e99999999999999999999*x
let   d = 0.0e-999*x
loss  x^2
