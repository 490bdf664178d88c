param x > 9^9^9 = 1
param y = 10^300*10^300
param z = 2^-5000
loss  x^2 + y/0 + z
