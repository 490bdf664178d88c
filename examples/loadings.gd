# gdsym fit examples/loadings.gd examples/data/diabetes.csv
model loadings "What two hidden causes have to do with ten measurements (Tipping and Bishop, 1999)"

dim     k = 2
data    X[n, d] from * except ["progression"]
param   W[d, k] = normal(0, 1), s > 0  "variance of what no cause explains"

let     Z = standardize(X)
let     C = eye(k) + W.T @ W/s
let     t = Z @ W/s                    "by Woodbury: only matrices of k rows and columns"
nll     (n*(logdet(C) + d*log(2*pi*s)) + sum(Z^2)/s - sum(t*solve(C, t.T).T))/2

predict causes = solve(C, t.T).T
