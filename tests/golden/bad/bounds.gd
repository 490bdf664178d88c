data  x[n] in (2, 1), y[n] > 0 and < -1, z[n] == 1, v[n] in [0, 0]
param a > 1 = 0.5, b in (0, 1) = 1, c >= 0 = -1, d in {1, 2}, e in counts
const f in (0, 1) = 2, g[q] > 0 = [1, -1]
loss  mean(x + y + z + v) + a + b + c + d + e + f
