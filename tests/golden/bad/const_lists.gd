const a = [1, 2]
const b[q] = [1, 2, 3]
const c[q] = [1, 2]
const e[q, r] = [[1, 2], [3, 4]]
const f[r] = [g, 1]
param x
loss  x*sum(b)
