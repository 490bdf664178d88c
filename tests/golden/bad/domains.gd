data  a[n] in {0, 1, 0}, b[n] in {"no", "yes"}, c[n] in {0: "no", 1}, d[n] in {}, e[n] in integer
data  f[n] in {0, 1} and > 0, g[n] in sigma[k], h[n] > 0 and in k
param s > m
loss  s*mean(a + b + c + d + f)
