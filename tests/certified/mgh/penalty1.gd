model penalty1 "23: a sphere, and a slight pull to a point outside of it"

dim     p = 4
param   x[p]

loss    (sum(x^2) - 1/4)^2
penalty 1e-5*sum((x - 1)^2)
