model star98_binomial "Pupils above the national median by district: binomial counts (Gill, 2000)"

data    X[n, d] from *
data    above[n] in counts from "PR50M", tested[n] in counts from "MATHTOT"
param   w[d], b

observe above ~ binomial(tested, sigmoid(X @ w + b))
