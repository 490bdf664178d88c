dim   k = 3
data  y[n]
param mu[k] = uniform(-1, 1)
nll   sum(logsumexp[k](-(y - mu)^2/2))
