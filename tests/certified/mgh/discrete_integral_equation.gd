model discrete_integral_equation "29: the same problem as an integral equation, by a sum"

dim      m like n
data     t[n]
param    x[n]

let      u = (x + t + 1)^3
let      green[n, m] = where(t[m] <= t, (1 - t)*t[m], t*(1 - t[m]))
residual x + (green @ u[m])/(2*(n + 1))
