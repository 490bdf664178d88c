"""python examples/answers/diabetes.py > examples/answers/diabetes.json"""

from fractions import Fraction

from solvers import columns, print_answer, solve

table = columns("diabetes.csv")
features = [name for name in table if name != "progression"]
X = [[Fraction(float(table[name][i])) for name in features] + [Fraction(1)] for i in range(442)]
y = [Fraction(float(text)) for text in table["progression"]]

# The normal equations are as good as any other way where nothing is rounded.
gram = [[sum(x[i] * x[j] for x in X) for j in range(11)] for i in range(11)]
theta = solve(gram, [sum(x[i] * v for x, v in zip(X, y, strict=True)) for i in range(11)])
fitted = [sum(a * b for a, b in zip(x, theta, strict=True)) for x in X]
objective = sum((v - f) ** 2 for v, f in zip(y, fitted, strict=True))
print_answer(
    example="diabetes",
    objective=objective,
    params={"w": [float(value) for value in theta[:10]], "b": theta[10]},
    labels={"w": features},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="normal equations in exact rational arithmetic, rounded once, diabetes.py",
    second_opinion={
        "source": "least squares by singular values in float64",
        "objective": 2 * 631992.8928166718,
    },
)
