model shortfall "Shares that keep the mean of the worst losses small (CVaR)"

data    R[n, d]             "returns"
param   w[d] in simplex[d]
param   var                 "the loss that is exceeded in a share 1 - beta of the rows"
const   beta in (0, 1) = 0.7

loss    var + mean(max(0, -(R @ w) - var))/(1 - beta)
