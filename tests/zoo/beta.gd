model beta "Regression of a share by the beta distribution"

data    X[n, d]
data    share[n] in (0, 1)
param   w[d], b
param   size > 0 = 5        "how narrow the distribution is"

let     mu = sigmoid(X @ w + b)
let     a = mu*size
let     c = (1 - mu)*size
nll     sum(lgamma(a) + lgamma(c) - lgamma(size) - (a - 1)*log(share) - (c - 1)*log(1 - share))

predict mu = mu
