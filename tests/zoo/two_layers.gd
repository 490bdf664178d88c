model two_layers "A network with two hidden layers for one number"

dim     h = 3, g = 2
data    X[n, d], y[n]
param   W1[d, h] = normal(0, 1/sqrt(d)), b1[h]
param   W2[h, g] = normal(0, 1/sqrt(h)), b2[g]
param   v[g] = normal(0, 1), c
const   lam = 0.01

let     H1 = tanh(X @ W1 + b1)
let     out = softplus(H1 @ W2 + b2) @ v + c
loss    mean((y - out)^2)
penalty lam*(sum(W1^2) + sum(W2^2) + sum(v^2))

predict out = out
