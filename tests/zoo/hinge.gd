model hinge "Linear support vector machine"

data    X[n, d]
data    y[n] in {-1, 1}
param   w[d], b
const   C = 10

loss    C * sum(relu(1 - y*(X @ w + b)))
penalty sum(w^2)/2

predict score = X @ w + b
