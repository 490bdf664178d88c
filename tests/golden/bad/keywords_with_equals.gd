model = linear
data = x
param = w
method = lbfgs
loss: x^2
