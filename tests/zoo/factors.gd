model factors "Factor analysis: a covariance of low rank plus a diagonal, by Woodbury's identity"

data    X[n, d]
dim     k = 2
param   W[d, k] = normal(0, 1), a[d]

let     V = diag(exp(-a)) @ W
let     C = eye(k) + W.T @ V
let     Z = X @ V
nll     (sum(X^2 * exp(-a)) - sum(Z * solve(C, Z.T).T) + n*(logdet(C) + sum(a)))/2
