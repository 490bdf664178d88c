data X[n, d], y[n], t[n] in counts
param w[d], S[d, d] in symmetric
require sum(w) <= 1
loss sum((y - X @ w)^2) + trace(S) + det(S) + sum(solve(S, w)) + sum(outer(w, w)) + sum(diag(w))
let a = dropout(X, 0.5) + eye(d) + sqdist(X, X) + inv(S)
let b = X[1:3, d] + y[:] + X[:, d]
