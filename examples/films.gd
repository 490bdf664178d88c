# gdsym fit examples/films.gd examples/data/films.csv
model films "How will a viewer like a film? Biases and factors from the pairs that were seen"

data    stars[n]
data    viewer[n] in viewers
data    film[n] in films
dim     f = 2
param   U[viewers, f] = normal(0, 1), V[films, f] = normal(0, 1)
param   mild[viewers], good[films]  "biases"
param   m                           "stars of a film like any other"
const   lam = 1                     "penalty weight"

let     guess = m + mild[viewer] + good[film] + sum[f](U[viewer]*V[film])
loss    1/2 * sum((stars - guess)^2)
penalty lam/2 * (sum(U^2) + sum(V^2) + sum(mild^2) + sum(good^2))

predict guess = guess
method  lbfgs(tol=1e-10, max_iter=2000)
