model ols "Disease progression by least squares"

data  X[n, d] from *
data  y[n] from "progression"
param w[d], b

loss  1/2 * sum((X @ w + b - y)^2)
