optimizer momentum(lr = 0.01, beta = 0.9)
    "Gradient descent with heavy-ball momentum (Polyak, 1964)"
state  v = 0
update v = beta*v + g
update x = x - lr*v
