data X[n, d], y[n]
param w[d], n0
let n = 3
let a = n(2)
let b = d[n]
let c = onehot(d)
let e = sum(n)
let f = X @ n
let g = d.T
predict q[w] = n
loss sum(w^2)/N
