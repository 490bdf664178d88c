data  X[n, d] from *, y[n]
dim   m like n, j = d - 1
param w[d] in simplex[d], S[d, d] in posdef, c[d] in ordered[d]
observe y ~ normal(mean=X @ w, sd=1)
prior w ~ normal(0, 1)
claim grad(w) = X.T @ (X @ w - y)
require sum(w) >= 0
let   h = train(mean[n](X)) + max(X) + prod(y) + logdet(S) + scan(y)
