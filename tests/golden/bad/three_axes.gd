data  A[n, j, k], B[j, k], C[k, j], D[n, n, n]
param w[j]
loss  mean(A*B) + sum(A - C) + sum(A @ w) + sum(w[j] - A[n, k, j]) + sum(D)
