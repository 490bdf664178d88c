optimizer lion(lr = 1e-4, beta1 = 0.9, beta2 = 0.99, decay = 0)
    "Steps of one length by the sign of a momentum (Chen et al., 2023, algorithm 2)"
state  m = 0
update x = x - lr*(sign(beta1*m + (1 - beta1)*g) + decay*x)
update m = beta2*m + (1 - beta2)*g
