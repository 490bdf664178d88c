data  x[n], y[n]
param a
let   b = 2 x
let   c = 2(x + 1)
let   d = (x)(y)
let   e = x y
let   f = 1_000*x
let   g = 0x10
let   h = a if x else y
loss  mean(b + c)
