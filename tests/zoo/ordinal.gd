model ordinal "Answers in an order, by cut points on a line"

dim     grade in {"never", "rarely", "often", "always"}
dim     cut = grade - 1
data    X[n, d]
data    y[n] in grade
param   w[d]
param   c[cut] in ordered[cut]

observe y ~ ordered_logit(X @ w, c)
