model trigonometric "26: Spedicato (1975); there are many local minima"

data     i[n]
param    x[n] = 1/n

residual n - sum(cos(x)) + i*(1 - cos(x)) - sin(x)
