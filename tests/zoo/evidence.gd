model evidence "How much to shrink and how noisy: the evidence of linear regression (MacKay, 1992)"

data    X[n, d], y[n]
param   shrink > 0, precision > 0 = 2

let     A = shrink*eye(d) + precision*X.T @ X
let     w = precision*solve(A, X.T @ y)
let     misfit = precision*sum((y - X @ w)^2) + shrink*sum(w^2)
nll     (misfit + logdet(A) - d*log(shrink) - n*log(precision/(2*pi)))/2
