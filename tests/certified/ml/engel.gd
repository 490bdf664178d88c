model engel "What is spent on food by income: the median (Engel, 1857)"

data  income[n] > 0, food[n] > 0 from "foodexp"
param b, slope
const tau in (0, 1) = 0.5

let   r = food - b - slope*income
loss  sum(max(tau*r, (tau - 1)*r))
