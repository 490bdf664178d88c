let
let a
let a =
let = 3
let a[k = 3
let a b = 3
let a, b = 3
let (a, b) = 3
let a[3] = 3
let a[n] == x
let exp(x) = x
let a = 3 = 4
param x
loss x^2
