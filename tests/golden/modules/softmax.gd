model softmax "Softmax regression over named classes"

dim     k in {"car", "bus", "train"}
data    X[n, d]
data    way[n] in k
data    wt[n] > 0 = 1               "weights"
param   W[d, k] = normal(0, 1/sqrt(d))
param   b[k]
const   lam = 1

let     Z = X @ W + b               "scores"
loss    sum(wt*(logsumexp[k](Z) - Z[way])) / sum(wt)
penalty lam/2 * sum(W^2)

predict p[n, k] = softmax[k](Z)
