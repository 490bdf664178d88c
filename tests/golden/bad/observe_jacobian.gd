data y[n] > 0, x[n]
param m, s > 0 = 1
let   l = log(y)
let   centred = l - mean(l)
observe log(y) ~ normal(m, s)
observe log(y + 1) ~ student_t(4, m, s)
observe sqrt(y) ~ normal(m, s)
observe centred ~ normal(m, s)
observe 1/y ~ gamma(s, s)
