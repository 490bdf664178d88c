dim k in {"low", "mid", "high"}, j = k - 1, i = k - 2
data y[n] in k, x[n]
param c[k], e[j], f[i], b, o[j] in ordered[j]
observe y ~ ordered_logit(b*x, c)
observe y ~ ordered_logit(b*x, e)
observe y ~ ordered_logit(b*x, f)
observe y ~ ordered_logit(b*x, b)
observe y ~ ordered_probit(o, o)
observe x ~ ordered_logit(b*x, o)
observe y ~ ordered_logit(o, b*x)
