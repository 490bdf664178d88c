data  x[n], y[n]
param a, b
residual y = a*exp(-b*x)
residual y ~ a*exp(-b*x)
