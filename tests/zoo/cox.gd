model cox "Proportional hazards: who dies first among those at risk (Breslow)"

dim     j like n
data    X[n, d]
data    t[n] > 0
data    died[n] in {0, 1}
param   w[d]

let     z = X @ w
let     at_risk[n, j] = where(t[j] >= t, z[j], -inf)
loss    sum(died*(logsumexp[j](at_risk) - z))
