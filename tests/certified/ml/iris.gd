model iris "Which iris is it? Softmax regression with an L2 penalty"

dim     k in {"setosa", "versicolor", "virginica"}
data    X[n, d] from *
data    species[n] in k
param   W[d, k], b[k]
const   lam = 1

let     Z = X @ W + b
loss    sum(log(sum[k](exp(Z))) - Z[species])
penalty lam/2 * (sum(W^2) + sum(b^2))
