# gdsym fit examples/randhie.gd examples/data/randhie.csv
model randhie "How often do people see a doctor? Poisson regression"

data    X[n, d] from *   "insurance terms and health of a person"
data    visits[n] in counts from "mdvis"
param   w[d], b

let     eta = X @ w + b  "log of the expected number of visits"
nll     sum(exp(eta) - visits*eta + lgamma(visits + 1))

predict rate = exp(eta)
method  lbfgs(tol=1e-12)
