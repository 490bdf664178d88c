model standardized_ridge "Ridge regression on features brought to one scale"

data    X[n, d]
data    y[n]
param   w[d], b
const   lam = 2

let     z = standardize(X) @ w + b
loss    sum((z - y)^2)
penalty lam*sum(w^2)

predict z = z
