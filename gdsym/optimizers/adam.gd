optimizer adam(lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8)
    "Adaptive moment estimation (Kingma and Ba, 2015, algorithm 1)"
state  m = 0
state  v = 0
update m = beta1*m + (1 - beta1)*g
update v = beta2*v + (1 - beta2)*g^2
update x = x - lr*(m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps)
