model rastrigin "Hills in all directions, to be descended in six dimensions (Rastrigin, 1974)"

dim     d = 6
param   x[d] in [-5.12, 5.12] = uniform(-2, 2)

loss    10*d + sum(x^2 - 10*cos(2*pi*x))
