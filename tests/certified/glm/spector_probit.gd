model spector_probit "The same by the normal distribution function, as on paper"

data   X[n, d] from ["GPA", "TUCE", "PSI"]
data   improved[n] in {0, 1} from "GRADE"
param  w[d], b

let    p = normal_cdf(X @ w + b)
loglik sum(improved*log(p) + (1 - improved)*log(1 - p))
