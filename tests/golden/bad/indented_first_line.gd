  data y[n]
param m
loss mean((y - m)^2)
