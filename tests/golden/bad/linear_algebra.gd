data  X[n, d], y[n], S[d, d]
dim   m like n, k = 2
param w[d], s, W[d, k], T[k, k]
let   a = inv(X)
let   b = logdet(w)
let   c = det(s) + inv(s) + logdet(s) + trace(s)
let   e = solve(S, y)
let   f = solve(S, X)
let   g = solve(y, S)
let   h = outer(X, w) + outer(s, w)
let   i = diag(s)
let   j = diag(W)
let   l = eye(3) + eye(w) + eye(d, d) + eye(s)
let   o = sqdist(X, y)
let   p = sqdist(X, W)
let   q = sqdist(X, X.T)
let   r = inv[d](S)
let   t = solve(S)
let   u = S + T
let   v = S + eye(k)
let   x = S * w
let   z = eye(D)
loss  sum(inv(S @ W)) + logdt(S)
