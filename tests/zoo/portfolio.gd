model portfolio "The ratio of mean to deviation of a portfolio's returns"

data     R[n, d]            "returns"
param    w[d] = 1
const    risk = 0.1

let      r = R @ w
maximize mean(r)/sqrt(var(r) + risk)
penalty  (sum(w) - 1)^2
