import numpy as np
data  X[n, d] from *, y[n]
param w[d], b
let   z = np.dot(X, w) + b
let   e = np.exp(z)
let   m = z.mean()
let   p = X.dot(w)
let   q = X.T() @ y
let   k = X.shape[0]
loss  e + m + p + q + k
