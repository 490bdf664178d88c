data X[n, d]
param w[d], b
const lam = 1
let z = X @ w
loss sum(z^2) + b^2
claim grad(z) = 2*z
claim grad(X) = 0
claim grad(lam) = 0
claim grad(ww) = 0
claim hess(w, c) = 0
claim grad(b) = 2*b
claim grad(b) = b + b
