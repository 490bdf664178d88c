model meyer "10: resistance of a thermistor (Meyer, 1970)"

data     t[n], y[n]
param    x1 = 0.02, x2 = 4000, x3 = 250

residual x1*exp(x2/(t + x3)) - y
