model heteroscedastic "Normal regression whose spread depends on the features too"

data    X[n, d]
data    y[n]
param   w[d], b             "of the mean"
param   v[d], c             "of the log standard deviation"

let     mu = X @ w + b
let     log_s = X @ v + c
nll     sum(log_s + ((y - mu)*exp(-log_s))^2/2 + log(2*pi)/2)

predict mu = mu
predict s = exp(log_s)
