model logistic "Binary logistic regression with an L2 penalty"

data    X[n, d] from *              "features"
data    y[n] in {0: "no", 1: "yes"}
param   w[d], b
const   lam = 1e-3                  "penalty weight"

let     z = X @ w + b
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2 * sum(w^2)

predict p = sigmoid(z)
method  adam(lr=0.05)
