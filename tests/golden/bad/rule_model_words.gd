optimizer e(lr = 0.1)
data X[n, d]
param w
loss sum(g)
observe g ~ normal(0, 1)
claim grad(x) = g
method adam
update x = x - lr*g
