data X[n, d]
def f(a, b) = a + b
def g(a, a) = a
def h(t) = t + later(t)
def later(t) = t
def i() = 3
param w[d]
let a = f(X)
let b = f(X, w, 1)
let c = f(a=X, b=w)
let e = f[d](X, w)
let q = f + 1
let r = i(1)
let s = f(X, X @ w @ w)
loss sum(X @ w)
