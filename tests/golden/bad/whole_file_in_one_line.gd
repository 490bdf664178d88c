data x[n], y[n] param a, b loss mean((y - a*x - b)^2)
