model scotland_gamma "Who voted for taxes? Gamma regression with the inverse link (Gill, 2000)"

data  X[n, d] from * except ["COUNCILDIST"]
data  yes[n] > 0 from "YES"
param w[d], b = 0.01627587609989319  "1 over the mean, where the search begins"

let   mu = 1/(X @ w + b)
nll   sum(yes/mu + log(mu))
