model squared_hinge "Support vector machine with a squared loss"

data    X[n, d]
data    y[n] in {-1, 1}
param   w[d], b
const   lam = 0.1

loss    sum(max(0, 1 - y*(X @ w + b))^2)
penalty lam/2*sum(w^2)
