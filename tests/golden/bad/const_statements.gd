const
const a == 3
const b fixed = 3
const c[q] = [1, [2, 3]]
const d[q] = []
const e = x
const f = "text"
const g[q] = {1, 2}
const h = normal(0, 1)
param x
loss x^2
