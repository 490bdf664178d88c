dim k in {"a", "b"}, m like k
data g[n] in k, h[n] in m, T[k, m]
param w[k]
let a = w[h]
let b = g == h
let c = w["c"]
let d = T["a"]
let e = w[m] + w
loss sum(w^2)
