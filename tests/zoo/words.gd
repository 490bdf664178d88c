model words "Logistic regression with labelled classes and a weight for each of them"

data    X[n, d]
data    churned[n] in {0: "no", 1: "yes"}
param   w[d], b
const   up = 3              "weight of those who left"

let     p = 1/(1 + exp(-(X @ w + b)))
loss    -mean(up*churned*log(p) + (1 - churned)*log(1 - p))

predict p = p
