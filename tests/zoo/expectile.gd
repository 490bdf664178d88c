model expectile "Least squares that weighs rows above the line more than rows below"

data    X[n, d]
data    y[n]
param   w[d], b
const   tau in (0, 1) = 0.9

let     r = y - X @ w - b
loss    mean(abs(tau - (r < 0))*r^2)
