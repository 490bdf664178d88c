model pinball "Quantile regression: the line with a share tau of the rows below it"

data    X[n, d]
data    y[n]
param   w[d], b
const   tau in (0, 1) = 0.8

let     r = y - X @ w - b
loss    mean(max(tau*r, (tau - 1)*r))
