model tobit "Regression where values below zero were written down as zero"

data    X[n, d]
data    y[n] >= 0
param   w[d], b
param   s > 0

let     mu = X @ w + b
let     seen = log(s) + log(2*pi)/2 + ((y - mu)/s)^2/2
nll     sum(where(y > 0, seen, -log(normal_cdf(-mu/s))))
