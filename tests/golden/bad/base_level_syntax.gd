dim k in {"north", "south"}
param a[k] in base["north"]
param b[k] in base[k=north]
param c[k] in base(k)
param d[k] in base[k, "north"]
param e[k] base[k]
loss sum(a)
