data  X[n, d] from *, y[n], g[n] in k
dim   q like n
param w[d], S[d, d] in posdef, L[d, d] in lower
require sum(w) >= 0
let   h = dropout(X, 0.5) + scan(y) + sum[n by g](y) + sum(X[1:3])
let   t = train(X @ w) + train(g)
data  z[n] in k = 0
loss  sum(w^2)
