data  X[n, d] from "age", y[n] from ["a", "b"], z[n] from *, v[n] from "pix*"
data  W[n, k] from ["a", "a"], U[n, k] from ["a", "b"] except ["c"]
param m
loss  mean(X + y + z + v) + m
