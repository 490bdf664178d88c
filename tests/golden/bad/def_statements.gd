def
def f = 3
def f(x)
def f x = 3
def f(x + 1) = 3
def f(x = 1) = x
def f(x): x
def f(x[n]) = x
def f[k](x) = x
def exp(x) = x
param y
loss f(y)
