model extended_powell "22: several of Powell's singular functions"

dim   k = 3
param a[k] = 3, b[k] = -1, c[k] = 0, d[k] = 1

loss  sum((a + 10*b)^2 + 5*(c - d)^2 + (b - 2*c)^4 + 10*(a - d)^4)
