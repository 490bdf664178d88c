model policy "A better policy from steps that another one took, by importance weights"

dim     actions = 3
data    S[n, d]             "state"
data    action[n] in actions
data    logged[n] in (0, 1] "probability that the action had"
data    gain[n]             "sum of the rewards from here"
param   W[d, actions] = normal(0, 1)
param   b[actions]

let      p[n, actions] = softmax[actions](S @ W + b)
maximize mean(min(p[action]/logged, 5)*(gain - mean(gain)))
penalty  1/10*sum(W^2)
