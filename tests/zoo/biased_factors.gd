model biased_factors "Ratings: a mean, a bias for each user and item, and two vectors of factors"

dim     users = 4, items = 5, f = 2
data    rating[n]
data    user[n] in users, item[n] in items
param   U[users, f] = normal(0, 0.5), V[items, f] = normal(0, 0.5)
param   bu[users], bi[items]
param   m                   "mean"
const   lam = 0.3

let     guess = m + bu[user] + bi[item] + sum[f](U[user]*V[item])
loss    sum((rating - guess)^2)
penalty lam*(sum(U^2) + sum(V^2) + sum(bu^2) + sum(bi^2))

predict guess = guess
