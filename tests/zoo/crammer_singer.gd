model crammer_singer "Support vector machine for several classes"

dim     k = 4
data    X[n, d]
data    y[n] in k
param   W[d, k] = normal(0, 1)
const   lam = 0.1

let     Z = X @ W
loss    mean(max[k](1 - onehot(y) + Z) - Z[y])
penalty lam/2*sum(W^2)

predict score[n, k] = Z
