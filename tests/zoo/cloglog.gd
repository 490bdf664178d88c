model cloglog "Binary regression with a complementary log-log link"

data    X[n, d]
data    y[n] in {0, 1}
param   w[d], b

let     rate = exp(X @ w + b)
nll     sum(where(y == 1, -log(1 - exp(-rate)), rate))

predict p = 1 - exp(-rate)
