data X[n, d]
dim k = 2
param w[d], b, W[d, k]
let z = X @ w
loss sum(z^2) + b^2 + sum(W^2)
claim grad(w) = 2*z
claim grad(b) = z
claim hess(w, w) = X @ X.T
claim hess(w, b) = X
claim hess(b, w) = z
claim grad(W) = z
claim loss = z^2
claim hvp(w, v) = X @ v
claim grad(w) = X @ z
