optimizer rmsprop(lr = 1e-3, rho = 0.9, eps = 1e-8)
    "The gradient over its running root mean square (Tieleman and Hinton, 2012, lecture 6.5)"
# The lecture has no eps; as in PyTorch it stands outside of the root.
state  s = 0
update s = rho*s + (1 - rho)*g^2
update x = x - lr*g/(sqrt(s) + eps)
