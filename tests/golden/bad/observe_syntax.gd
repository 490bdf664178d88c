data y[n], Z[n, k], g[n] in k
param m, s > 0 = 1
observe y = normal(m, s)
observe y ~ normal m, s
observe y normal(m, s)
observe ~ normal(m, s)
observe y ~ normal(m, s) * 2
observe y ~ 2*normal(m, s)
observe g ~ categorical_logit[k](Z)
observe y, g ~ normal(m, s)
observe
