model factorization_machine "All products of two features, through factors"

dim     f = 2
data    X[n, d]
data    y[n]
param   w[d], b
param   V[d, f] = normal(0, 0.3)
const   lam = 0.1

let     pairs = sum[f]((X @ V)^2 - X^2 @ V^2)/2
loss    mean((y - b - X @ w - pairs)^2)
penalty lam*sum(V^2)

predict fitted = b + X @ w + pairs
