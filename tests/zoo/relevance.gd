model relevance "A Gaussian process with a scale for each input: which of them matter"

data    X[n, d], y[n]
param   a[d] = normal(0, 0.1), noise > 0 = 0.5

let     Z = X @ diag(exp(a))
let     K = exp(-sqdist(Z, Z)/2) + noise^2*eye(n)
nll     (logdet(K) + y @ inv(K) @ y + n*log(2*pi))/2
prior   a ~ normal(0, 2)
