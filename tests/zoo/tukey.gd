model tukey "Linear regression with the biweight: far outliers have no say"

data    X[n, d]
data    y[n]
param   w[d], b
const   c = 4.685

let     u = clip((y - X @ w - b)/c, -1, 1)
loss    c^2/6*sum(1 - (1 - u^2)^3)
