model negative_binomial "Counts with more spread than Poisson: variance mu + alpha*mu^2"

data    X[n, d]
data    y[n] in counts
param   w[d], b
param   alpha > 0 = 0.5     "overdispersion"

let     mu = exp(X @ w + b)
let     r = 1/alpha
loglik  sum(lgamma(y + r) - lgamma(r) - lgamma(y + 1)
            + r*log(r/(r + mu)) + y*log(mu/(r + mu)))

predict mu = mu
