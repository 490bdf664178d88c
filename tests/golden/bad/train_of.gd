data X[n, d], y[n]
param w[d]
const lam = 1
let z = X @ w
let a = train(z)
let b = train(lam*mean(y))
let c = train[n](X)
let e = train(y, 2)
let f = train()
let g = train(mean(unknown))
loss sum((y - z)^2)
