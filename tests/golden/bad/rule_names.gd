optimizer nesterov(lr = 0.1, beta = lr, lr = 2, t = 3)
    "with mistakes"
state  v = 0, g = 1, s scalar = x0
let    z = v + momentum
update v = beta*v + q
update x = x - lr*v
update y = x
update g = x
update s = g
