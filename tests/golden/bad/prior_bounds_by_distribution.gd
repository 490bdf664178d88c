data y[n]
param m, s
nll sum((y - m)^2)/s
prior s ~ half_normal(1)
prior s ~ uniform(0, 10)
prior s ~ inv_gamma(1, 1)
prior m ~ flat()
