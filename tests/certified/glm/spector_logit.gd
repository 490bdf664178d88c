model spector_logit "Does a new way of teaching help? Logistic regression (Spector and Mazzeo, 1980)"

data    X[n, d] from ["GPA", "TUCE", "PSI"]
data    improved[n] in {0, 1} from "GRADE"
param   w[d], b

observe improved ~ bernoulli_logit(X @ w + b)
