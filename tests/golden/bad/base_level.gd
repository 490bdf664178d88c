dim k in {"north", "south"}, j = 3
data g[n] in h
param a[k] in base[k="nort"], b[k] in base[k=0], c[k] in base[north], d[j] in base[k="north"]
param e[k] in simplex[k="north"], i[h] in base[h="x"], l[k] in bas[k]
loss sum(a + b + c + e + l) + sum(d) + sum(i)
