# gdsym fit examples/factorisation.gd examples/data/ratings.csv
model factorisation "Who likes what? A rating is the inner product of two vectors of five numbers"

data    rating[n]
data    user[n] in users
data    item[n] in items
dim     f = 5
param   U[users, f] = normal(0, 1)
param   V[items, f] = normal(0, 1)
const   lam = 3  "penalty weight"

let     match = sum[f](U[user] * V[item])
loss    1/2 * sum((rating - match)^2)
penalty lam/2 * (sum(U^2) + sum(V^2))

predict expected = match
method  lbfgs(tol=1e-10, max_iter=2000)
