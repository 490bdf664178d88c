model anes96_mnlogit "From strong Democrat to strong Republican: seven classes (American National Election Study, 1996)"

dim    k = 7
data   X[n, d] from ["selfLR", "age", "educ", "income"]
data   popul[n] >= 0  "inhabitants of the place, in thousands"
data   party[n] in k from "PID"
param  W[d, k] in base[k], v[k] in base[k], c[k] in base[k]

let    Z[n, k] = X @ W + log(popul + 0.1)*v + c
loglik sum(log_softmax[k](Z)[party])
