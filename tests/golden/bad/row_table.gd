model rows
dim   n rows, k = 0, j = 2.5, c in {"a", "a"}
data  X[n, k]
param w[k]
loss  mean(X @ w)
