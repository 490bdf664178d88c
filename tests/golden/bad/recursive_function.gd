def   f(x) = 1 + f(x - 1)
def   g(x, x) = x + z
def   exp(x) = x
param x
loss  f(x) + g(x, x)
