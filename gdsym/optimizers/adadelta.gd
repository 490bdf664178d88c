optimizer adadelta(lr = 1, rho = 0.95, eps = 1e-6)
    "Steps in the units of x (Zeiler, 2012, algorithm 1)"
# The paper has no lr: 1 is its algorithm.
state  s = 0
state  u = 0
update s = rho*s + (1 - rho)*g^2
let    d = sqrt(u + eps)/sqrt(s + eps)*g
update u = rho*u + (1 - rho)*d^2
update x = x - lr*d
