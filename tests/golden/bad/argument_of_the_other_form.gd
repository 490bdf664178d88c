data  X[n, d] from *, y[n] in {0, 1}
param w[d]
observe y ~ bernoulli(logit=X @ w)
