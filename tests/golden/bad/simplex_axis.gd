dim k = 3
data X[n, d]
param p[k] in simplex[d], q[k] in simplex, r in simplex[k], t[k, k] in simplex[k], u[k] in simplex[kk]
loss sum(p) + sum(q) + r + sum(t) + sum(u) + sum(X)
