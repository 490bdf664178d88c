model mixture "A mixture of normals"

dim     k = 3
data    x[n]
const   guess[k] = [18, 28, 40]
param   mu[k] = guess
param   s[k] > 0 = 3
param   a[k]                        "log shares, up to a common number"

let     logp[n, k] = log_softmax[k](a) - log(s) - ((x - mu)/s)^2/2 - log(2*pi)/2
nll     -sum(logsumexp[k](logp))

predict share[n, k] = softmax[k](logp)
