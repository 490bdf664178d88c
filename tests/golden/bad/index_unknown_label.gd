dim   k in {"north", "south"}
data  y[n]
param w[k], V[k, n]
loss  mean((y - w["noth"])^2) + sum(V["north", n]) + sum(V["east"])
