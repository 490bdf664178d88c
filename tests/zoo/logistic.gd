model logistic "Binary logistic regression with an L2 penalty"

data    X[n, d]
data    y[n] in {0, 1}
param   w[d], b
const   lam = 0.05

let     z = X @ w + b
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)

predict p = sigmoid(z)
