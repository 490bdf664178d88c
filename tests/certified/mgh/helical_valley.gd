model helical_valley "7: Fletcher and Powell (1963)"

param x1 = -1, x2 = 0, x3 = 0

let   theta = atan2(x2, x1)/(2*pi)
let   radius = sqrt(x1^2 + x2^2)
loss  100*((x3 - 10*theta)^2 + (radius - 1)^2) + x3^2
