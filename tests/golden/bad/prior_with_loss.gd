data y[n]
param m
loss mean((y - m)^2)
prior m ~ normal(0, 1)
