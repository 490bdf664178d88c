model blend "Shares that add up to 1 of several forecasts"

dim      d in {"fast", "slow", "naive"}
data     X[n, d]            "forecasts"
data     y[n]
param    w[d] in simplex[d]

residual y - X @ w
