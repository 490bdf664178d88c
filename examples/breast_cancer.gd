# gdsym fit examples/breast_cancer.gd examples/data/breast_cancer.csv
model breast_cancer "Is a tumour benign? Logistic regression with an L2 penalty"

data    X[n, d] from *  "30 standardised measurements of cell nuclei"
data    y[n] in {0: "malignant", 1: "benign"} from "diagnosis"
param   w[d], b
const   lam = 1         "penalty weight: --set lam=0.1 overrides it"

let     z = X @ w + b
loss    sum(log(1 + exp(z)) - y*z)
penalty lam/2 * sum(w^2)

predict p = sigmoid(z)  "probability of benign"
method  lbfgs(tol=1e-10)
