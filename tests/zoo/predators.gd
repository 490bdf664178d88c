model predators "Hares and foxes: an ordinary differential equation by collocation"

dim     s like t
data    hares[t], foxes[t]  "counted at each time"
data    D[s, t]             "takes the values at the times to slopes"
param   x[t] = 1, y[t] = 0.8
param   birth > 0, eaten > 0, feed > 0, death > 0
const   lam = 10

let     dx[s] = (D @ x) - birth*x[s] + eaten*x[s]*y[s]
let     dy[s] = (D @ y) - feed*x[s]*y[s] + death*y[s]
loss    sum((hares - x)^2) + sum((foxes - y)^2) + lam*(sum(dx^2) + sum(dy^2))
