data  x[n], y[n]
param a
let   b = x > 0 && y > 0 || !a
let   c := 3
let   d = x ? y : a   // choose
let   e === 3
a += 1
loss  mean(b + c + d + e);
