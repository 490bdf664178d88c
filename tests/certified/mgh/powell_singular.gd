model powell_singular "13: Powell (1962); the Hessian at the minimum is singular"

param x1 = 3, x2 = -1, x3 = 0, x4 = 1

loss  (x1 + 10*x2)^2 + 5*(x3 - x4)^2 + (x2 - 2*x3)^4 + 10*(x1 - x4)^4
