data X[n, d], y[n]
param a, b
let c = sigmoid() + softplus(a, b) + huber(a) + logaddexp(a) + where(a) + where(a, b) + clip(a, b)
let q = beta_ln(a) + lgamma(a, b) + normal_cdf(a, 0, 1) + huber(a, b, 1) + clip(a) + where(a > 0, 1, b, 2)
let e = sum(X, y) + mean() + dot(y) + dot(y, y, y) + norm(X, 2) + var(X, y) + softmax(y, y) + logsumexp(y, 1)
let f = standardize(X, y) + onehot(y, y) + onehot()
loss a^2
