data  y[n] in counts
param m > 0
nll   -sum(y*log(m) - m)/n
