param x = -1.2, y = 1
residual 10*(y - x^2)
residual 1 - x
