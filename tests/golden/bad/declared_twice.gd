data  X[n, d] from *, y[n]
param w[d]
param y, d
let   w = 2
def   f(a) = a + 1
def   f(a) = a + 2
loss  mean((X @ w - y)^2)
