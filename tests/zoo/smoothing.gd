model smoothing "A curve from basis functions with a penalty on its bends, given as side data"

data    B[n, d]             "basis functions at the rows"
data    D[j, d]             "second differences"
data    y[n]
param   w[d]
const   lam = 4

loss    sum((y - B @ w)^2)/2
penalty lam/2*sum((D @ w)^2)

predict curve = B @ w
