# gdsym fit examples/ridge.gd examples/data/diabetes.csv
model ridge "Disease progression by least squares with an L2 penalty"

data    X[n, d] from *  "age, sex, body mass index, blood pressure, six blood serum values"
data    progression[n]
param   w[d]            "change per standard deviation of a measurement"
param   b
const   lam = 20        "penalty weight"

let     fitted = standardize(X) @ w + b
loss    sum((progression - fitted)^2)
penalty lam*sum(w^2)

predict expected = fitted
method  lbfgs(tol=1e-12)
