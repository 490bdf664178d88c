model implicit_ranking "Items that a user chose should rank above items that were passed over (BPR)"

dim     users = 4
dim     items = 5
dim     f = 2
data    user[n] in users
data    chosen[n] in items, passed[n] in items
param   U[users, f] = normal(0, 1)
param   V[items, f] = normal(0, 1), b[items]
const   lam = 0.1

let     lead = b[chosen] - b[passed] + sum[f](U[user]*(V[chosen] - V[passed]))
loss    -sum(log(1/(1 + exp(-lead))))
penalty lam*(sum(U^2) + sum(V^2) + sum(b^2))
