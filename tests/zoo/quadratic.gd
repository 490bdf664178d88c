model quadratic "A quadratic program in a box"

dim     i = 4
const   curvature[i] = [1, 2, 0.5, 4]
const   slope[i] = [-1, 3, 0.25, -6]
const   tie = 0.5
param   x[i] in [-1, 1]

loss    sum(curvature*x^2)/2 + dot(slope, x) + tie/2*sum(x)^2
