dat   X[n, d] from *, y[n]
parameter w[d]
Let   z = X @ w
minimize mean((z - y)^2)
