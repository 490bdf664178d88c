# gdsym fit examples/digits.gd examples/data/digits.csv
model digits "Handwritten digits by a network with one hidden layer"

dim     h = 12                                  "hidden units"
dim     k = 10                                  "the digits 0 to 9"
data    pixels[n, d] in [0, 16] from "pixel_*"  "8 by 8 pictures"
data    digit[n] in k
param   W1[d, h] = normal(0, 1/sqrt(d))
param   b1[h]
param   W2[h, k] = normal(0, 1/sqrt(h))
param   b2[k]
const   lam = 10                                "penalty weight"

let     H = tanh((pixels/16) @ W1 + b1)         "hidden layer"
let     Z = H @ W2 + b2                         "scores"
loss    sum(logsumexp[k](Z) - Z[digit])
penalty lam/2 * (sum(W1^2) + sum(b1^2) + sum(W2^2) + sum(b2^2))

predict p[n, k] = softmax[k](Z)
method  lbfgs(tol=1e-10, max_iter=5000)
