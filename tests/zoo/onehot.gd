model onehot "Softmax regression with indicators instead of an index, and smoothed labels"

dim     k = 5
data    X[n, d]
data    y[n] in k
param   W[d, k] = normal(0, 0.1)
const   smooth in [0, 1) = 0.1

let     target[n, k] = (1 - smooth)*onehot(y) + smooth/k
loss    -sum(target * log_softmax[k](X @ W)) / n
