data X[n, d], S[d, d], y[n]
param w[d]
const c[d] = [1, 2]
let a = standardize(w)
let b = standardize(X*w)
let e = standardize(S)
let f = standardize[n](X)
let g = standardize(c)
let h = standardize(X, axis=0)
let i = standardise(X)
let j = standardize(sum(X))
loss sum(w^2)
