model logistic_l1 "The same with an L1 penalty: some weights are exactly 0"

data    X[n, d] from *
data    y[n] in {0: "malignant", 1: "benign"} from "diagnosis"
param   w[d], b
const   lam = 1

let     z = X @ w + b
loss    sum(log(1 + exp(z)) - y*z)
penalty lam * sum(abs(w))
