# gdsym fit examples/claims.gd examples/data/policies.csv
model claims "How many claims will a motor policy have? Poisson regression with exposure"

data    X[n, d] from ["age", "power", "town"]  "the driver, the car (kW), the place (1: a town)"
data    claims[n] in counts
data    years[n] > 0                           "how long the policy was in force"
param   w[d], b

let     rate = exp(standardize(X) @ w + b)     "claims per year"
let     mu = years*rate
nll     sum(mu - claims*log(mu) + lgamma(claims + 1))

predict rate = rate
method  lbfgs(tol=1e-12)
