optimizer f(lr = 0.1^t, beta = x, eps = lr, n = "a", k = 1/0, inf = 3)
update x = x - lr*g
