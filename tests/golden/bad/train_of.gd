dim m like n
data X[n, d], y[n]
param w[d]
const lam = 1
let z = X @ w
let a = train(sum(z)/n)
let b = train(lam*mean(y))
let c = train[n](X)
let e = train(y, 2)
let f = train()
let g = train(mean(unknown))
let h = train(z)
let P[n, m] = sum[d]((X - X[m])^2)
loss sum((y - z)^2) + a
penalty b
claim grad(w) = train(w)
predict p = P @ train(y[m])
predict q = sum(train(y)) + a + b
