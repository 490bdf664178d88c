data  y[n]
param m, s > 0 = 1
nll   sum((y - m)^2/(2*s^2)) + n*log(s*sqrt(2*PI)) + True*e
