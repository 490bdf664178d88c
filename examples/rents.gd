# gdsym fit examples/rents.gd examples/data/rents.csv
model rents "Rents by linear regression with Student-t noise: outliers hardly matter"

data    X[n, d] from *  "features of a flat"
data    rent[n]         "in hundreds"
param   w[d]            "change of the rent per standard deviation of a feature"
param   b               "rent of the average flat"
param   s > 0           "scale of the noise"
param   nu > 0 = 4      "degrees of freedom of the noise"

let     fitted = standardize(X) @ w + b
let     r = (rent - fitted)/s
loglik  sum(lgamma((nu + 1)/2) - lgamma(nu/2) - log(nu*pi)/2 - log(s)
            - (nu + 1)/2 * log(1 + r^2/nu))

predict fair = fitted
method  lbfgs(tol=1e-12)
