dim k = 3
const c = 2
param p[k] in simplex[k] = 0.5, q[k] in ordered[k] = 0, r[k] in sumzero[k] = 1
param t[k] in simplex[k] = normal(0, 1), u[k] in ordered[k] = uniform(0, 1)
param v[k] in simplex[k] = 2, w[k] in ordered[k] = c
loss sum(p + q + r + t + u + v + w)
