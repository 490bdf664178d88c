model mixture_of_regressions "Rows that follow one of several lines, nobody knows which"

dim     k = 3
data    X[n, d]
data    y[n]
param   W[d, k] = normal(0, 1)
param   b[k] = normal(0, 1)
param   a[k]
param   s[k] > 0

let     fitted = X @ W + b
let     logp[n, k] = log_softmax[k](a) - log(s) - ((y - fitted)/s)^2/2
nll     -sum(log(sum[k](exp(logp))))

predict member[n, k] = softmax[k](logp)
