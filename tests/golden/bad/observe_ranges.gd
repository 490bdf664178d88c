data y[n], c[n] in counts, b[n] in {0, 1}
param m, s, t >= 0, p, q[n] in [-1, 1], nu fixed = -4
const k = 2
observe y ~ normal(m, s)
observe y ~ normal(m, t)
observe y ~ normal(m, 0)
observe y ~ normal(m, -1)
observe b ~ bernoulli(p)
observe b ~ bernoulli(1.5)
observe b ~ bernoulli(q)
observe y ~ student_t(nu, m, 1)
observe c ~ binomial(-3, 0.5)
