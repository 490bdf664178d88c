data  y[n]
param centre[k] = uniform(0, 1)
loss  sum[n, k]((y - centre)^2)
