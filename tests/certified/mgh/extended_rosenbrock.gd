model extended_rosenbrock "21: several valleys side by side"

dim   k = 5
param x[k] = -1.2  "those with odd numbers"
param y[k] = 1     "those with even ones"

loss  sum((10*(y - x^2))^2 + (1 - x)^2)
