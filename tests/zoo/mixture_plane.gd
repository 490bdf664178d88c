model mixture_plane "A mixture of normals in the plane with a spread for each axis"

dim     k = 3
data    X[n, d]
param   mu[k, d] = normal(0, 1)
param   s[k, d] > 0
param   a[k]

let     q[n, k] = sum[d](((X - mu)/s)^2)
let     logp[n, k] = log_softmax[k](a) - sum[d](log(s)) - q/2
nll     -sum(logsumexp[k](logp))
