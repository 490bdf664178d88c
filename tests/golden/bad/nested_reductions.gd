data y[n], x[m], Z[n, k]
param b[k], s
let a = sum[n](y*b)
let c = sum[k](y - b) 
let d = sum(y - x)
let e = logsumexp[n, k](Z)[y]
let f = sum[n](sum[n](Z))
let g = mean[k, k](Z)
let h = sum[s](Z)
let i = sum[n + 1](Z)
let j = sum["n"](Z)
let l = sum[Z](n)
let o = softmax[n, m](Z)
loss s^2
