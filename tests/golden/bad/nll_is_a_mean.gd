data  X[n, d] from *, y[n] in {0, 1}
param w[d]
let   z = X @ w
let   rate = mean(softplus(z) - y*z)
nll   rate + sum(w^2)
