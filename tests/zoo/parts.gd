model parts "Non-negative matrix factorisation by its Kullback-Leibler divergence"

dim     f = 2
data    X[n, d] >= 0
param   W[n, f] >= 0 = uniform(0, 1)
param   H[f, d] >= 0 = uniform(0, 1)

let     M = W @ H
loss    sum(M - X*log(M))
