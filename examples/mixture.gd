# gdsym fit examples/mixture.gd examples/data/lengths.csv
model mixture "Wing lengths of three species that nobody told apart: a mixture of normals"

dim     k in {"small", "medium", "large"}
data    length[n]
const   guess[k] = [18, 28, 40]         "where the search for the means begins"
param   mu[k] = guess
param   s[k] > 0 = 3
param   a[k]                            "log shares, up to a common number"

let     logp[n, k] = log_softmax[k](a) - log(s) - ((length - mu)/s)^2/2 - log(2*pi)/2
nll     -sum(logsumexp[k](logp))

predict share[n, k] = softmax[k](logp)  "probability that a wing is of each species"
method  lbfgs(tol=1e-12)
