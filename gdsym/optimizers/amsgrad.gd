optimizer amsgrad(lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8)
    "Adam with a second moment that never falls (Reddi, Kale and Kumar, 2018, algorithm 2)"
# As printed, so without the corrections of Adam's bias that libraries add; eps keeps 0/0 out.
state  m = 0
state  v = 0
state  top = 0
update m = beta1*m + (1 - beta1)*g
update v = beta2*v + (1 - beta2)*g^2
update top = max(top, v)
update x = x - lr*m/(sqrt(top) + eps)
