model logistic_growth "Rat42 of NIST: an S-shaped curve in three scalars"

data     x[n] > 0, y[n]
param    b1 = 100, b2 = 1, b3 = 0.1

let      curve = b1/(1 + exp(b2 - b3*x))
residual y - curve

predict  curve = curve
