model principal "Principal components: the plane nearest to the rows"

dim     f = 2
data    X[n, d]
param   W[d, f] = uniform(-1, 1)
param   m[d]

let     D = X - m
loss    sum((D - D @ W @ W.T)^2)/n

predict score[n, f] = D @ W
