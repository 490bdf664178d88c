data  y[n] in k
param w[k]
dim   k = 3
nll   -sum(log_softmax(w)[y])
