data X[n, d]
param w[d], b
loss sum((X @ w)^2) + b^2
claim hvp(w, w) = w
claim hvp(w, d) = 2*w
claim hvp(w, X) = 2*w
claim hvp(b, b) = 2
claim hvp(v, w) = w
claim hvp(w, v) = u
