data a[n] = "x", b[n] > 0 = -1, c[n] = d, e[n] in counts = 0.5, f[n] = [1, 2], g[n] = inf
data h[n] in {0: "no", 1: "yes"} = "no", i[n] = unknown, j[n] in {1, 2} = 3, l[n] = lam
const lam = 1
param s
loss s^2
