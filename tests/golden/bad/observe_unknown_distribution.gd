data y[n], c[n] in counts
param m, s > 0 = 1
observe y ~ gaussian(m, s)
observe y ~ nromal(m, s)
observe y ~ t(4, m, s)
observe y ~ uniform(0, 1)
observe y ~ dirichlet(m)
observe c ~ Poisson(s)
observe c ~ nbinom(s, s)
