model randhie_poisson "How often do people see a doctor? Counts (RAND Health Insurance Experiment)"

data    X[n, d] from *
data    visits[n] in counts from "mdvis"
param   w[d], b

observe visits ~ poisson(exp(X @ w + b))
