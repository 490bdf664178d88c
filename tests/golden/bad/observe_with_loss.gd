data y[n]
param m, s > 0 = 1
loss sum((y - m)^2)
observe y ~ normal(m, s)
