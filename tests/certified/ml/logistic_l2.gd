model logistic_l2 "Is a tumour benign? Logistic regression with an L2 penalty"

data    X[n, d] from *
data    y[n] in {0: "malignant", 1: "benign"} from "diagnosis"
param   w[d], b
const   lam = 1

let     z = X @ w + b
loss    sum(log(1 + exp(z)) - y*z)
penalty lam/2 * sum(w^2)
