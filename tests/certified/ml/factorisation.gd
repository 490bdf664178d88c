model factorisation "A matrix of ratings by a product of two thin ones"

dim     f = 5
data    rating[n], user[n] in users, item[n] in items
param   U[users, f] = normal(0, 1), V[items, f] = normal(0, 1)
const   lam = 3

let     match = sum[f](U[user]*V[item])
loss    1/2 * sum((rating - match)^2)
penalty lam/2 * (sum(U^2) + sum(V^2))
