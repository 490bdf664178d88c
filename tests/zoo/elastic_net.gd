model elastic_net "Least squares with absolute and squared penalties"

data    X[n, d]
data    y[n]
param   w[d] = normal(0, 1)
param   b
const   lam = 0.1, alpha = 0.7

loss    sum((y - X @ w - b)^2) / (2*n)
penalty lam*(alpha*norm1(w) + (1 - alpha)/2*sum(w^2))
