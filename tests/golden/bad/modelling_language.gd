data X[n, d], y[n]
var w{1..d} >= 0;
minimize cost: sum {i in 1..n} (y[i])^2;
subject to budget: sum(w) = 1;
param w[d]
let s = sum(i in n) y[i]
let t = sum_{i} y[i]
loss y[1]
