data y[n]
param m, s > 0 = 1
prior m ~ normal(0, s)
prior s ~ exponential(1)
residual y - m
