model factorisation "Who likes what?"

data    rating[n]
data    user[n] in users
data    item[n] in items
dim     f = 5
param   U[users, f] = normal(0, 0.1)
param   V[items, f] = normal(0, 0.1)
const   lam = 3

let     match = sum[f](U[user] * V[item])
loss    sum((rating - match)^2)/2
penalty lam/2 * (sum(U^2) + sum(V^2))

predict expected = match
