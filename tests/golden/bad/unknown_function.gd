data  x[n], y[n] in {0, 1}
param a, b
let   z = a + b*x
loss  mean(sofplus(z) - y*z) + ln(2) + maximum(a, b)
