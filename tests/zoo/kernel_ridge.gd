model kernel_ridge "Ridge regression in the space of a kernel"

data    K[i, j]             "similarities of the rows with the rows of the training data"
data    y[i]
param   a[j]
const   lam = 0.2

loss    sum((y - K @ a)^2)/2
penalty lam/2*sum(a^2)

predict fitted = K @ a
