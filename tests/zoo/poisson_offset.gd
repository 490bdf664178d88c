model poisson_offset "Claims per policy; the expected number is proportional to the exposure"

data    X[n, d]
data    claims[n] in counts
data    years[n] > 0        "exposure"
param   w[d], b

let     mu = years * exp(X @ w + b)
nll     sum(mu - claims*log(mu))

predict frequency = mu/years
