model chebyquad6 "35: Fletcher (1965); points that integrate Chebyshev's polynomials with equal weights"

dim   p = 6
param x[p]

let   T1 = 2*x - 1
let   T2 = 2*T1*T1 - 1
let   T3 = 2*T1*T2 - T1
let   T4 = 2*T1*T3 - T2
let   T5 = 2*T1*T4 - T3
let   T6 = 2*T1*T5 - T4
loss  mean(T1)^2 + (mean(T2) + 1/3)^2 + mean(T3)^2
          + (mean(T4) + 1/15)^2 + mean(T5)^2 + (mean(T6) + 1/35)^2
