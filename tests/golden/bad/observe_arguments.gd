data y[n]
param m, s > 0 = 1
observe y ~ normal(m)
observe y ~ normal()
observe y ~ normal(m, s, 1)
observe y ~ normal(m, mean=m)
observe y ~ normal(mean=m, s)
observe y ~ normal(mu=m, sigma=s)
observe y ~ normal(mean=m, sdd=s)
observe y ~ student_t(df=4, loc=m, scale=s)
observe y ~ normal(m, "s")
observe y ~ normal([1, 2], s)
