model tweedie "Amounts that are often zero: variance mu^p"

data    X[n, d]
data    y[n] >= 0
param   w[d], b
const   p in (1, 2) = 1.5

let     z = X @ w + b
loss    mean(y*exp((1 - p)*z)/(p - 1) + exp((2 - p)*z)/(2 - p))

predict mu = exp(z)
