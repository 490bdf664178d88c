const c = 3
data  y[n], w[n] = c, v[n] = 1/n, u[n] > 2 = 1
param m
loss  sum(w*v*u*(y - m)^2)
