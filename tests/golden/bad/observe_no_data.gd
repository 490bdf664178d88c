data y[n]
param m, s > 0 = 1, w[n]
const c = 3
let   r = y - m
observe m ~ normal(0, 1)
observe r ~ normal(0, s)
observe 3 ~ normal(m, s)
observe c ~ normal(m, s)
observe n ~ poisson(s)
observe z ~ normal(m, s)
