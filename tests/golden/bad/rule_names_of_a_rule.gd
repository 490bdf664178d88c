optimizer c(lr = 0.1, g = 2, x = 1, t = 3, m = lr)
state m = 0, x0 = 1, f = 2, s scalar = x0, v = g, u = t
let lr = 3
let T = 2
update g = x
update t = t + 1
update lr = lr/2
update step = g
update x = x - lr*h
