data y[n]
param m
prior m ~ normal(0, 1)
