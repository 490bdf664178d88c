data y[n], x[n]
param m, s > 0
let z ~ normal(0, 1)
y ~ normal(m, s)
loss ~ x
prior m ~
observe y ~ normal
