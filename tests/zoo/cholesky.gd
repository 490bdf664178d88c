model cholesky "A Gaussian distribution by a triangular factor of its covariance"

data    X[n, d], below[d, d] in {0, 1}  "1 below the diagonal"
param   mu[d], a[d], B[d, d] = normal(0, 0.3)

let     L = diag(exp(a)) + below*B
let     Z[d, n] = solve(L, (X - mu).T)
nll     sum(Z^2)/2 + n*sum(a)
penalty sum(B^2)/20
