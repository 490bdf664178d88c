model steps "A signal of few steps: total variation, smoothed"

data    y[n]
data    D[j, n]             "first differences"
param   x[n]
const   lam = 1, eps = 0.01

loss    sum((y - x)^2)/2 + lam*sum(sqrt((D @ x)^2 + eps))
