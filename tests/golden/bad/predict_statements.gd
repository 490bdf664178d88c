data y[n]
param m
loss sum((y - m)^2)
predict
predict m
predict y = m
predict y = 2*m
predict z[k] = m
predict q = q
predict r[n] = unknown
predict "a" = m
predict m + 1
