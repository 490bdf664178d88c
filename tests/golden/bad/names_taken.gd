data n[n], y[n]
param y, pi, inf, x
const x = 1
let y = 2
let x = 3
def f(a) = a
def f(b) = b
dim x = 3
predict y = x
loss x^2
