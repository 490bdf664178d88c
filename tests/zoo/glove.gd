model glove "Word vectors from counts of words near each other"

dim     words = 5
dim     f = 2
data    word[n] in words, near[n] in words
data    count[n] > 0
param   U[words, f] = normal(0, 0.5), a[words]
param   V[words, f] = normal(0, 0.5), c[words]

let     gap = sum[f](U[word]*V[near]) + a[word] + c[near] - log(count)
loss    mean(min(1, (count/10)^0.75)*gap^2)
