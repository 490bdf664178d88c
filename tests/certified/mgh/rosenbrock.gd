model rosenbrock "1: the curved valley of Rosenbrock (1960)"

param x1 = -1.2, x2 = 1

loss  (10*(x2 - x1^2))^2 + (1 - x1)^2
