model gamma_log "Gamma regression with a log link, at shape 1"

data    X[n, d]
data    y[n] > 0
param   w[d], b

let     eta = X @ w + b
loss    mean(y*exp(-eta) + eta)

predict mu = exp(eta)
