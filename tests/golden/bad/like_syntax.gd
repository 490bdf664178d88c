data X[n, d]
dim s like 3
dim t like n like d
dim u = 3 like n
dim v like
dim like n
param w[d]
loss sum(X @ w)
