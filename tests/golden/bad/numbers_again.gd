param a
let b = 1_000 + 0x1F + 1e + 1.2.3 + 5L + 1e+ + 1,000
let c = 1.5.5
let d = 3%
let e = 2i
let f = 1e400
let g = .e5
let h = 00012 + a
loss a
