model isotonic "A curve that never falls: steps at knots, none of them downwards"

data     x[n], y[n]
const    knot[j] = [-1, -0.3, 0.4, 1.1]
param    start
param    rise[j] >= 0 = 0.1

let      past[n, j] = relu(x - knot)
residual y - start - past @ rise
