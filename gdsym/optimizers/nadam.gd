optimizer nadam(lr = 2e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, warmup = 0.004)
    "Adam with Nesterov's momentum (Dozat, 2016, algorithm 2)"
# mu warms up as in Keras and PyTorch. As printed m forgets by mu, where those two use beta1. v is
# corrected as in Adam, without the further factor beta2 of the print.
state  m = 0
state  v = 0
state  product scalar = 1
let    mu = beta1*(1 - 0.5*0.96^(warmup*t))
let    next = beta1*(1 - 0.5*0.96^(warmup*(t + 1)))
update product = product*mu
update m = mu*m + (1 - mu)*g
update v = beta2*v + (1 - beta2)*g^2
let    ahead = next*m/(1 - product*next) + (1 - mu)*g/(1 - product)
update x = x - lr*ahead/(sqrt(v/(1 - beta2^t)) + eps)
