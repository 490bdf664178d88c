model box "12: Box (1966), three dimensions"

data     t[n]
param    x1 = 0, x2 = 10, x3 = 20

residual exp(-t*x1) - exp(-t*x2) - x3*(exp(-t) - exp(-10*t))
