data  y[n] in (0, 1
data  z[n] in [0; 1]
data  u[n] in (0; 1)
data  v[n] in (0, 1, 2)
data  w[n] in 0..1
data  x[n] in > 0
param a in 0 to 1
loss  mean(y + z)
