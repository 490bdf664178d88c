model smile "Implied variance by strike for each expiry (SVI)"

data    k[n], v[n]          "log strike, total variance"
data    expiry[n] in terms
data    vega[n] >= 0
param   a[terms] = 0.04
param   b[terms] >= 0 = 0.1
param   rho[terms] in (-1, 1) = -0.2
param   m[terms] = 0
param   s[terms] > 0 = 0.1

let     x = k - m[expiry]
loss    sum(vega*(v - a[expiry] - b[expiry]*(rho[expiry]*x + sqrt(x^2 + s[expiry]^2)))^2)
