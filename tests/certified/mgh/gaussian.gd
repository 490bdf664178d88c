model gaussian "9: a bell through the density of the normal distribution, given to four digits"

data     t[n], y[n]
param    x1 = 0.4, x2 = 1, x3 = 0

residual x1*exp(-x2*(t - x3)^2/2) - y
