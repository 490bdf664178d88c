dim k = 3
param p[k] in simplex[k] and > 0.1, q[k] in simplex[k] and < 1
param r[k] > 0 and in simplex[k], t[k] in ordered[k] and > 0
param u[k] in base[k] and in sumzero[k], v[k] in {0, 1}
loss sum(p + q + r + t + u + v)
