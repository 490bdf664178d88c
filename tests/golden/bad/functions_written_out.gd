def   a(x) = x*x
def   b(x) = a(a(a(a(a(a(x))))))
def   c(x) = b(b(b(b(b(b(x))))))
param x
loss  c(x)
