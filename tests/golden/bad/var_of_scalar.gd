param x
loss  var(x) + x^2
