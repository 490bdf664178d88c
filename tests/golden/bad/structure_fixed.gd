dim k = 3
param p[k] in simplex[k] fixed = 1/3
loss sum(p^2)
