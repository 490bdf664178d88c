# gdsym fit examples/iris.gd examples/data/iris.csv
model iris "Which iris is it? Softmax regression with an L2 penalty"

dim     k in {"setosa", "versicolor", "virginica"}
data    X[n, d] from *  "standardised lengths and widths of sepals and petals"
data    species[n] in k
param   W[d, k], b[k]
const   lam = 1         "penalty weight"

let     Z = X @ W + b   "scores"
loss    sum(logsumexp[k](Z) - Z[species])
penalty lam/2 * (sum(W^2) + sum(b^2))

predict p[n, k] = softmax[k](Z)
method  lbfgs(tol=1e-10)
