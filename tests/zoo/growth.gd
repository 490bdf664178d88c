model growth "Misra1a of NIST: saturating growth in two scalars"

data     x[n], y[n]
param    b1 = 500, b2 = 0.0001

residual y - b1*(1 - exp(-b2*x))
