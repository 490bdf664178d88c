model focal "Logistic regression that cares little for what it is sure of"

data    X[n, d]
data    y[n] in {0, 1}
param   w[d], b
const   gamma = 2           "how little"

let     p = sigmoid(X @ w + b)
let     hit = y*p + (1 - y)*(1 - p)
loss    -mean((1 - hit)^gamma * log(hit))
