optimizer nesterov(lr = 0.01, beta = 0.9)
    "Nesterov's accelerated gradient (Nesterov, 1983; Sutskever et al., 2013, equations 3 and 4)"
# x is the point ahead, where the gradient is taken: Sutskever's theta + beta*v. With a constant lr
# PyTorch's form (v without lr) takes the same steps.
state  v = 0
update v = beta*v - lr*g
update x = x + beta*v - lr*g
