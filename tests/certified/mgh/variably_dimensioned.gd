model variably_dimensioned "25: a quadratic and a fourth power"

const j[p] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
param x[p] = 1 - j/p

let   s = sum(j*(x - 1))
loss  sum((x - 1)^2) + s^2 + s^4
