param s
loss  softmax(s)^2
