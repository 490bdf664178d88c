data S[n, k] in ordered[k], y[n] in base[n], P[n, k] in simplex
const c[k] in simplex[k] = 1
param w[k]
loss sum(S @ w) + sum(P*c)
