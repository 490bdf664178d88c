data y[n]
param m, s > 0 = 1
nll -normal(y, m, s)
nll normal_lpdf(y, m, s)
nll -sum(log(normal(y, m, s)))
nll y ~ normal(m, s)
