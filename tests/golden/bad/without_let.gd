data  y[n]
param m
z = y - m
r[n] = y - m
loss  mean(z^2)
