data  X[n, d] from *, m[d]
param w[d]
loss  mean(standardize(X) @ w) + mean(standardize(X*w) @ w) + sum(standardize(m))
