model exponential "The logarithm of the mean exponential loss: not a sum over rows"

data    X[n, d]
data    y[n] in {-1, 1}
param   w[d] = normal(0, 0.1)

loss    log(mean(exp(-y*(X @ w))))
penalty sum(w^2)/100
