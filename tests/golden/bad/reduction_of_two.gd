data  x[n], y[n]
param a
loss  mean(x, y)*a + dot(x)*a + dot(x*a, y) + logsumexp(x) + norm(a)
