model cauchy "Linear regression with Cauchy noise"

data    X[n, d]
data    y[n]
param   w[d], b
param   s > 0

nll     sum(log(pi*s) + log(1 + ((y - X @ w - b)/s)^2))
