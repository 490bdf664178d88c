data y[n] in counts
param m > 0
nll -sum(poisson(y, m))
penalty laplace(m)
penalty log(gamma(m))
penalty uniform(0, 1)
