model ologit "Will they apply to graduate school? Proportional odds (UCLA)"

dim     k in {"unlikely", "somewhat likely", "very likely"}
dim     j = k - 1
data    X[n, d] from ["pared", "public", "gpa"]
data    apply[n] in k
param   w[d], cuts[j] in ordered[j]

observe apply ~ ordered_logit(X @ w, cuts)
