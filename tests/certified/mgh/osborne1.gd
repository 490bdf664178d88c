model osborne1 "17: Osborne (1972); two exponentials and a level"

data     t[n], y[n]
param    x1 = 0.5, x2 = 1.5, x3 = -1, x4 = 0.01, x5 = 0.02

residual y - (x1 + x2*exp(-t*x4) + x3*exp(-t*x5))
