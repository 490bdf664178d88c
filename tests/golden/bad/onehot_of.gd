dim k = 3
data g[n] in k, y[n]
param s, w[k]
let a = onehot(y)
let b = onehot(3)
let c = onehot(g, k)
let d = onehot[k](g)
let e = onehot(g) @ y
let f = onehot(g + 1)
let h = onehot(w[g])
let i = one_hot(g)
loss s^2
