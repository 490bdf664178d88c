dim k in {"a", "b"}
data g[n] in k, h[n] in j, y[n] in {0: "no", 1: "yes"}, x[n]
param s
let a = g == "c"
let b = g == 0
let c = g == h
let d = g < "b"
let e = y == "maybe"
let f = x == "yes"
let i = "a" == "b"
let l = g == x
let o = g
let p = g + 1
let q = sum(g == "a" == "b")
loss s^2
