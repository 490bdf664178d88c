data  X[n, d] from *
dim   m like n
param s > 0
let   D[n, m] = sum[d]((X - X[m])^2)
loss  sum(exp(-D/s))
