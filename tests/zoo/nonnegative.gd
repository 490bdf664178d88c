model nonnegative "Least squares with weights that must not be negative"

data     X[n, d]
data     y[n]
param    w[d] >= 0 = 1
param    c in [0, 1]

residual y - X @ w - c
