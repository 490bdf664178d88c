data  y[n]
param m
loss  mean((y - m)^2)
method adam(0.1, lr = 0.1*0.99^t, lr = 1, tol = m + 1, epochs = 2^5000)
method gd
