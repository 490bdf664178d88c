model beale "5: Beale (1958)"

data     i[n], y[n]
param    x1 = 1, x2 = 1

residual y - x1*(1 - x2^i)
