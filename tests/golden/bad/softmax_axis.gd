data  X[n, d] from *, y[n] in k
param W[d, k]
let   P = softmax(X @ W)
nll   -sum(log(P[y]))
