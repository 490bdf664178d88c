data A[n, d], B[d, n], S[d, d], y[n], w[d]
param s
let a = A + B
let b = A*B*s
let c = where(A > 0, B, s)
let e = max(A, B)
let f = A == B
let g = S + w
let h = S*A
let i[d, n] = A - B
loss s^2
