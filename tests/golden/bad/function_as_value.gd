data  x[n]
param a
def   f(t) = t^2
let   b = a(2)
let   c = mean(x)(3)
let   d = pow(a, 2)
let   e = normal(0, 1)
let   g = f[n](x) + exp[n](x)
loss  mean(exp) + f
