dim k = 2, j = k - 2, i = k - 5, h = kk - 1, g = g - 1
dim f = 2*k, e = k + 1, d = k - 0.5, c = k - 0, b = 1 - k
param w[j]
loss sum(w)
