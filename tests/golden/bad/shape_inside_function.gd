data  x[n], g[m]
param a
def   diff(s, t) = (s - t)^2
loss  mean(diff(x, a)) + mean(diff(x, g))
