model osborne2 "19: Osborne (1972); three peaks on an exponential"

data     t[n], y[n]
param    x1 = 1.3, x2 = 0.65, x3 = 0.65, x4 = 0.7
param    x5 = 0.6, x6 = 3, x7 = 5, x8 = 7
param    x9 = 2, x10 = 4.5, x11 = 5.5

def      peak(at, sharp) = exp(-(t - at)^2*sharp)
residual y - (x1*exp(-t*x5) + x2*peak(x9, x6) + x3*peak(x10, x7) + x4*peak(x11, x8))
