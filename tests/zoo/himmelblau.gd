model himmelblau "A function with four minima (Himmelblau, 1972)"

param   x = 1, y = 1

loss    (x^2 + y - 11)^2 + (x + y^2 - 7)^2
