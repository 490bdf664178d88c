param x
def   f(a) = g(a) + 1
def   g(a) = a^2
loss  f(x) + h(x)
def   h(a) = a
