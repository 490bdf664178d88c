model randhie_negbin2 "The same counts, which vary more than Poisson's: variance mu + alpha*mu^2"

data    X[n, d] from *
data    visits[n] in counts from "mdvis"
param   w[d], b, log_alpha

let     alpha = exp(log_alpha)
observe visits ~ neg_binomial(mean=exp(X @ w + b), size=1/alpha)
