model margin "Logistic regression with labels -1 and 1"

data    X[n, d]
data    y[n] in {-1, 1}
param   w[d], b

let     m = y*(X @ w + b)   "margin"
loss    mean(log(1 + exp(-m)))
