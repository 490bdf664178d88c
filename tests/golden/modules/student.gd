model student "Linear regression with Student-t noise"

data    X[n, d]
data    y[n]
param   w[d], b
param   s > 0
param   nu > 0 = 4

let     fitted = standardize(X) @ w + b
let     r = (y - fitted)/s
loglik  sum(lgamma((nu + 1)/2) - lgamma(nu/2) - log(nu*pi)/2 - log(s)
            - (nu + 1)/2 * log(1 + r^2/nu))

predict fair = fitted
