# gdsym fit examples/svm.gd examples/data/breast_cancer.csv
model svm "Is a tumour benign? Linear support vector machine with the squared hinge loss"

data    X[n, d] from *  "30 standardised measurements"
data    y[n] in {-1: "malignant", 1: "benign"} from "diagnosis"
param   w[d], b
const   C = 0.1         "weight of the rows"

let     score = X @ w + b
loss    C*sum(max(0, 1 - y*score)^2)
penalty sum(w^2)/2

predict score = score
method  lbfgs(tol=1e-10)
