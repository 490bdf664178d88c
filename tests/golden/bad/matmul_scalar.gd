data  x[n], y[n]
param w, b
loss  mean((x @ w + b - y)^2)
