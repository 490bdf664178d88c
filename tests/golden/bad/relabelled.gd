data  X[n, d], S[n, n], y[n], g[n] in k
dim   m like n, q like d, o like n
param s > 0, w[d]
let   D[n, m] = sum[d]((X - X[m])^2)
let   a = y[q]
let   b = S[m]
let   c = D[o]
let   e = X[m, n]
let   f = D[d, n]
let   h = X[k]
let   i = X[k, d]
let   j[m] = w[q]
let   l = (X @ w)[m] - y
loss  sum(exp(-D/s))
