# gdsym fit examples/spam.gd examples/data/messages.csv
model spam "Is a message spam? Logistic regression on a bag of words"

data    count[n, words] in counts from "n_*"  "how often each word stands in the message"
data    y[n] in {0: "honest", 1: "spam"} from "kind"
param   w[words], b
const   lam = 1                               "penalty weight"

let     z = log(1 + count) @ w + b
loss    sum(log(1 + exp(z)) - y*z)
penalty lam/2 * sum(w^2)

predict p = sigmoid(z)
method  lbfgs(tol=1e-10)
