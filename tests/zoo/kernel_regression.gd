model kernel_regression "Ridge regression in the space of a Gaussian kernel, in closed form"

data    X[n, d], y[n]
dim     m like n
param   reach > 0
const   lam = 0.1
let     K = exp(-sqdist(X, X)/(2*reach^2))
let     H = K @ inv(K + lam*eye(n))
loss    mean(((y - H @ y)/(1 - diag(H)))^2)     "the error of each row, left out of the fit"

let     a = train(solve(K + lam*eye(n), y)[m])
predict fitted = exp(-sqdist(X, train(X[m]))/(2*reach^2)) @ a
