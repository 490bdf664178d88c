model watson "20: a polynomial that solves f' - f^2 = 1, f(0) = 0"

data  t[n]
data  j[p]  "the powers beyond the first"
param x1, x2, x[p]

let   f[n] = x1 + x2*t + sum[p](x*t^j)
let   slope[n] = x2 + sum[p](j*x*t^(j - 1))
loss  sum((slope - f^2 - 1)^2) + x1^2 + (x2 - x1^2 - 1)^2
