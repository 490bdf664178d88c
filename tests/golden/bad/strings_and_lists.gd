data  y[n]
param m
loss  mean((y - m)^2) + "text" + [1, 2] + sum("a" == "b")
