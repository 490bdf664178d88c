dim   k in {"a", "b", "c"}
data  X[n, d] from *, y[n] in k
param W[d, k]
let   Z = X @ W
let   q[n, c] = Z
nll   sum(logsumexp[k](Z) - Z[y])
predict p[n] = softmax[k](Z)
predict s = y
predict p = Z
