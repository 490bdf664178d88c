data  A[n, k] from "a*", B[k, n]
param s
loss  mean((s*A - B)^2)
