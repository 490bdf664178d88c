model zero_inflated "Counts with too many zeros: a share q never has any"

data    X[n, d]
data    y[n] in counts
param   w[d], b
param   q in (0, 1)

let     eta = X @ w + b
let     often = log(1 - q) - exp(eta) + y*eta - lgamma(y + 1)
loglik  sum(where(y == 0, logaddexp(log(q), often), often))
