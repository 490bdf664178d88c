model least_squares "A line through a cloud of points"

data     X[n, d]
data     y[n]
param    w[d], b

residual y - X @ w - b

predict  fitted = X @ w + b
