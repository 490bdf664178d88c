model classifier "A network with one hidden layer for three classes"

dim     h = 4
dim     k = 3
data    X[n, d]
data    y[n] in k
param   W1[d, h] = normal(0, 1), b1[h]
param   W2[h, k] = normal(0, 1), b2[k]

let     Z = relu(X @ W1 + b1) @ W2 + b2
loss    -mean(log_softmax[k](Z)[y])
penalty 1/100*(sum(W1^2) + sum(W2^2))

predict p[n, k] = softmax[k](Z)
