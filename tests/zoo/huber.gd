model huber "Linear regression that bounds the pull of an outlier"

data    X[n, d]
data    y[n]
data    wt[n] > 0 = 1       "weights"
param   w[d], b
const   delta = 1.345

let     r = y - (X @ w + b)
loss    sum(wt*huber(r, delta)) / sum(wt)
