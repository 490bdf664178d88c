data X[n, d], y[n], t[n] in counts
param w[d], S[d, d] in symmetric
require sum(w) <= 1
loss sum((y - X @ w)^2)
let a = dropout(X, 0.5)
let b = X[1:3, d] + y[:] + X[:, d]
