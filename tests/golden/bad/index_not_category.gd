data  X[n, d] from *, y[n], g[n] in groups
param U[groups, k], w[d], a
dim   k = 2
loss  sum(U[y]) + w[0] + sum(U[g + 1]) + sum(w[g]) + a[g] + sum(U[g, g]) + sum(onehot(y))
