model covariance "A Gaussian distribution by its precision matrix, shrunk: sparse precision"

data    X[n, d]
param   mu[d], B[d, d] = normal(0, 0.5)
const   lam = 0.1

let     P = B @ B.T + eye(d)/10
let     R = X - mu
nll     (sum((R @ P)*R) - n*logdet(P))/2
penalty lam*norm1(P)
