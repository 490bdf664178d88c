param
param a = 
param b from "x"
param c 1
param d[n] = [1, 2]
param e fixed
param f[2]
param g ~ normal(0, 1)
param h > 0 > 1
param i in (0, 1
param j in 0..1
param k in (0; 1)
param l: real
param m, , o
loss 1
