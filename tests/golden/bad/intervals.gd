param a in (1, 0), b in [1, 1], e in (-inf, inf), f in (inf, 1)
param g > 1 and < 0, h >= 1 and > 2 and < 2, i in (x, 1), j in (0, n)
param p in R, q in positive, r in real, s == 0, t != 0, u in int, v in simplx
data y[n] in positive, z[n] in binary, c[n] in count, k[n] in R
loss a
