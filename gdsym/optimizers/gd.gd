optimizer gd(lr = 0.1)
    "Gradient descent with a constant step length (Cauchy, 1847)"
update x = x - lr*g
