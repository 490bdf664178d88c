# gdsym fit examples/diabetes.gd examples/data/diabetes.csv
model diabetes "Disease progression after one year by least squares"

data     X[n, d] from *  "age, sex, body mass index, blood pressure, six blood serum values"
data     progression[n]
param    w[d], b

let      fitted = X @ w + b
residual progression - fitted

predict  expected = fitted
method   lbfgs(tol=1e-14)
