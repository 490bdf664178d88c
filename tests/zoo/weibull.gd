model weibull "Survival times, some of them only known to be longer"

data    X[n, d]
data    t[n] > 0
data    died[n] in {0, 1}   "0: still alive at t"
param   w[d], b
param   k > 0               "shape"

let     log_scale = X @ w + b
let     u = k*(log(t) - log_scale)
nll     sum(exp(u) - died*(log(k) + u - log(t)))

predict median = exp(log_scale)*log(2)^(1/k)
