optimizer adagrad(lr = 0.01, eps = 1e-10)
    "Adaptive subgradients (Duchi, Hazan and Singer, 2011, figure 1, diagonal form)"
state  s = 0
update s = s + g^2
update x = x - lr*g/(sqrt(s) + eps)
