model broyden_tridiagonal "30: Broyden (1965)"

data     B[n, n]  "1 below the diagonal, 2 above it"
param    x[n] = -1

residual (3 - 2*x)*x - B @ x + 1
