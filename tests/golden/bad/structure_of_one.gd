dim k = 1, m in {"a"}, j = k - 1
param p[k] in simplex[k], q[m] in base[m], r[k] in sumzero[k], t[k] in ordered[k]
loss sum(p + r + t) + sum(q)
