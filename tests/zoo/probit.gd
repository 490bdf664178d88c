model probit "Binary regression with a normal link"

data    X[n, d]
data    y[n] in {0, 1}
param   w[d], b

let     z = X @ w + b
nll     -sum(log_normal_cdf((2*y - 1)*z))

predict p = normal_cdf(z)
