data y[n], x[m], Y[n, k]
param mu[k], s > 0 = 1, M[k, n]
observe y ~ normal(mu, s)
observe y ~ normal(x, s)
observe y ~ normal(Y, s)
observe Y ~ normal(M, s)
observe Y ~ normal(Y @ mu, s)
observe Y ~ normal(y + mu, s)
