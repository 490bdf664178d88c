model rosenbrock "The curved valley of Rosenbrock (1960)"

param x = -1.2, y = 1

loss  100*(y - x^2)^2 + (1 - x)^2
