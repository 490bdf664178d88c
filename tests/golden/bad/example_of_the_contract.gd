# a comment
data X[n, d] from *
data y[n] in {0, 1}

param w[k]
param b


let z = X @ w + b
loss mean(softplus(z) - y*z)
