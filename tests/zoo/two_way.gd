model two_way "A table of effects, looked up by two categories at once"

dim     groups = 3
dim     days = 4
data    y[n]
data    group[n] in groups
data    day[n] in days
param   T[groups, days]
param   up[days]

loss    sum((y - T[group, day] - up[day])^2)
penalty sum(T^2) + 1/10*sum(up^2)
