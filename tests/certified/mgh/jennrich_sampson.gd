model jennrich_sampson "6: Jennrich and Sampson (1968); two exponentials that become one"

data     i[n]
param    x1 = 0.3, x2 = 0.4

residual 2 + 2*i - (exp(i*x1) + exp(i*x2))
