data  S[d, d], v[d]
param w[d]
loss  w @ S @ w + sum(S*v)
