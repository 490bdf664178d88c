model pseudo_huber "A smooth kin of the Huber loss"

data    X[n, d]
data    y[n]
param   w[d], b
const   delta = 0.5

let     r = y - X @ w - b
loss    mean(delta^2 * (sqrt(1 + (r/delta)^2) - 1))
