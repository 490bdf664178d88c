data y[n]
param m, s > 0 = 1
observe y ~ normal(m, s)
observe y ~ laplace(m, s)
residual y - m
