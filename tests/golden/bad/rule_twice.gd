optimizer g(lr = 0.1)
optimizer h(lr = 0.1)
state m = 0
state m = 1
let m = 2
update x = x - lr*m
