data y[n]
param m, s > 0 = 1
observe y ~ normal(m, s)
nll mean((y - m)^2)
observe mean(y) ~ normal(m, s)
