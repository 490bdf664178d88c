data y[n] in {1, 2, 3}, x[n], z[n] in counts
param c[j] in ordered[j], b
dim k = 3
observe y ~ ordered_logit(b*x, c)
observe z ~ categorical_logit(c)
