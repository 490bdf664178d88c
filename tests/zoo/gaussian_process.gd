model gaussian_process "A curve from a Gaussian process: its scales by the marginal likelihood"

data    x[n], y[n]
dim     m like n                        "the rows of the training data"
param   reach > 0, height > 0, noise > 0 = 0.5

def     k(d) = height^2*exp(-d/(2*reach^2))
let     K = k(sqdist(x, x)) + noise^2*eye(n)
nll     (logdet(K) + dot(y, solve(K, y)) + n*log(2*pi))/2

predict curve = k(sqdist(x, train(x[m]))) @ train(solve(K, y)[m])
