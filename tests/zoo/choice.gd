model choice "Conditional logit in long format: a row is an alternative of a case"

dim     cases = 4
data    X[n, d]             "price and time of the alternative"
data    case[n] in cases
data    chosen[n] in {0, 1}
param   w[d]

let     v = X @ w           "utility"
let     total = onehot(case).T @ exp(v)
loss    sum(log(total)) - sum(chosen*v)

predict p = exp(v)/total[case]
