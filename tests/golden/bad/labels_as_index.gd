dim k in {"a", "b"}, j = 3
data g[n] in k, X[n, d] from ["u", "v"], T[k, k]
param w[k], v[j], W[k, j], s
let a = w["c"]
let b = W["a"]
let c = W["z"]
let d1 = T["a"]
let e = s["a"]
let f = w[0]
let h = w["a", "b"]
let i = w[a]
let l = W["a", "b", "c"]
let o = W[1:2, j]
let p = w[g][g]
let q = w[]
loss s^2
