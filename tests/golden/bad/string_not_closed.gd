data  X[n, d] from "pix*
data  y[n] "the answer
param w[d]  "one # two"
loss  mean((X @ w - y)^2)
