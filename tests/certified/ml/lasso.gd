model lasso "The same with an L1 penalty"

data    X[n, d] from *
data    y[n] from "progression"
param   w[d], b
const   lam = 100

loss    1/2 * sum((X @ w + b - y)^2)
penalty lam * norm1(w)
