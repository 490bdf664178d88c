data X[n, d]
dim m like nn, p like p, q like r, r like q
param w[d], u[z]
dim z like d
dim d like n
loss sum(X @ w) + sum(u)
