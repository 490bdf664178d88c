dim k in {"a", "b", "c"}
data y[n] in k, x[n], b[n] in {0, 1}, X[n, d], h[n] in groups
param W[d, k], u[k], v[d], V[groups, k]
observe y ~ normal(0, 1)
observe x ~ categorical_logit(u)
observe b ~ categorical_logit(u)
observe y ~ categorical_logit(v)
observe y ~ categorical_logit(X @ v)
observe h ~ categorical_logit(X @ W)
observe y ~ categorical_logit(V)
observe y ~ poisson(1)
observe onehot(y) ~ normal(u, 1)
observe y == "a" ~ categorical_logit(u)
