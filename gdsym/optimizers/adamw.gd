optimizer adamw(lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0.01)
    "Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2)"
# The paper's alpha is 1 and its eta_t is lr, as in PyTorch: a schedule of lr is one of the decay too.
state  m = 0
state  v = 0
update m = beta1*m + (1 - beta1)*g
update v = beta2*v + (1 - beta2)*g^2
update x = x - lr*((m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps) + decay*x)
