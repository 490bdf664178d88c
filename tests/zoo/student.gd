model student "Linear regression with heavy tails, by its distribution"

data    X[n, d]
data    y[n]
param   w[d], b
param   s > 0
param   nu > 2 = 5

observe y ~ student_t(nu=nu, location=X @ w + b, scale=s)
prior   w ~ normal(0, 3)
