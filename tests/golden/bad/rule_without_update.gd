optimizer lazy(lr = 0.1)
state  m = t
let    d[p] = m
loss   sum(d)
