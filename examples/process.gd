# gdsym fit examples/process.gd examples/data/diabetes.csv
model process "Disease progression as any smooth function of three measurements: a Gaussian process"

data    X[n, d] from ["bmi", "bp", "s5"]
data    progression[n]
dim     m like n               "the rows of the training data"
param   a[d]                   "log of one over the distance at which each matters"
param   height > 0, noise > 0  "of the function and around it, in deviations"

let     Z = standardize(X) @ diag(exp(a))
let     K = height^2*exp(-sqdist(Z, Z)/2) + noise^2*eye(n)
let     y = standardize(progression)
nll     (logdet(K) + dot(y, solve(K, y)) + n*log(2*pi))/2

let     near[n, m] = height^2*exp(-sqdist(Z, train(Z[m]))/2)
predict expected = near @ train(solve(K, y)[m])
