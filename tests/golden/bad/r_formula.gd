data X[n, d] from *, y[n]
param w[d]
y ~ x1 + x2
lm(y ~ X)
loss sum((y - X %*% w)^2)
