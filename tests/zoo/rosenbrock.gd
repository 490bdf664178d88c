model rosenbrock "The curved valley of Rosenbrock (1960); the minimum is 0 at (1, 1)"

param   x = -1.2, y = 1

loss    100*(y - x^2)^2 + (1 - x)^2
