model softmax_labels "Softmax regression over named classes, the probabilities written out"

dim     k in {"car", "bus", "train"}
data    X[n, d]
data    way[n] in k
param   W[d, k], b[k]
const   lam = 0.5

let     Z = X @ W + b
let     p[n, k] = exp(Z)/sum[k](exp(Z))
loss    -mean(log(p[way]))
penalty lam*sum(W^2)

predict p[n, k] = p
