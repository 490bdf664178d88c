# gdsym fit examples/policy.gd examples/data/trajectories.csv
model policy "How to drive better than the driver on record: policy gradient off policy"

dim      k in {"left", "none", "right"}
data     S[n, d] from ["place", "speed"]  "the state before a step"
data     push[n] in k
data     chance[n] in (0, 1]              "with which the driver on record chose the push"
data     gain[n]                          "rewards of this step and all later ones"
param    W[d, k], b[k]
const    lam = 0.5                        "penalty weight"

let      p[n, k] = softmax[k](S @ W + b)
let      advantage = gain - mean(gain)
maximize mean(p[push]/chance * advantage)
penalty  lam/2 * (sum(W^2) + sum(b^2))

predict  p[n, k] = p
method   lbfgs(tol=1e-12)
