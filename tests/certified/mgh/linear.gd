model linear "32 and 33: linear equations in the sense of least squares, of full rank and of rank 1"

data     A[n, p]
param    x[p] = 1

residual A @ x - 1
