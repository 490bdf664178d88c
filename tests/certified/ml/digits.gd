model digits "Which digit is it? Softmax regression with an L2 penalty"

dim     k = 10
data    pixels[n, d] in [0, 16] from "pixel_*"
data    digit[n] in k
param   W[d, k], b[k]
const   lam = 10

let     p = softmax[k]((pixels/16) @ W + b)
loss    -sum(log(p[digit]))
penalty lam/2 * (sum(W^2) + sum(b^2))
