model elastic_net "Logistic regression with an elastic net, without intercept"

data    X[n, d] from *
data    y[n] in {0, 1}
param   w[d]
const   alpha in [0, 1], lam >= 0

let     z = X @ w
loss    mean(log(1 + exp(z)) - y*z)
penalty lam*((1 - alpha)/2*sum(w^2) + alpha*sum(abs(w)))
