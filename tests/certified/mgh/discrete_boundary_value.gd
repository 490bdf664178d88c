model discrete_boundary_value "28: u'' = (u + t + 1)^3/2 with u(0) = u(1) = 0, by differences"

data     t[n], N[n, n]  "N adds up the neighbours"
param    x[n]

residual 2*x - N @ x + (x + t + 1)^3/(2*(n + 1)^2)
