model group_lasso "Least squares that drops whole groups of weights; the groups are side data"

data    X[n, d]
data    y[n]
data    group[d] in groups
param   w[d] = normal(0, 1)
const   lam = 0.4

let     size = sum[d](onehot(group))
let     length = sqrt(onehot(group).T @ w^2)
loss    sum((y - X @ w)^2)/(2*n)
penalty lam*sum(sqrt(size)*length)
