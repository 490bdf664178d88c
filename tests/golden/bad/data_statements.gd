data
data y[n] = counts
data x[n,]
data X[n][d]
data z(n)
data 2x[n]
data q[n] in
data u[n] > 
data v[n] from price
data w[n] from "a", "b"
data a[n] from ["a" "b"]
data b[3]
data c[n] fixed = 1
data d[n] "doc" in counts
param x
loss x^2
