"""python examples/answers/ridge.py > examples/answers/ridge.json

Weights of standardised features are those of centred ones times the deviations, so that the
penalty is lam * sum(variance * v^2): the problem is one of rational numbers.
"""

from fractions import Fraction

import mpmath
from solvers import columns, print_answer, solve

LAM = 20
table = columns("diabetes.csv")
features = [name for name in table if name != "progression"]
n = len(table["progression"])


def centred(texts):
    values = [Fraction(float(text)) for text in texts]
    mean = sum(values) / n
    return [value - mean for value in values], mean


X = [centred(table[name])[0] for name in features]  # a list per feature
r, mean = centred(table["progression"])
gram = [[sum(a * b for a, b in zip(x, z, strict=True)) for z in X] for x in X]
variance = [gram[j][j] / n for j in range(10)]
for j in range(10):
    gram[j][j] += LAM * variance[j]
v = solve(gram, [sum(a * b for a, b in zip(x, r, strict=True)) for x in X])
fitted = [sum(a * b for a, b in zip(row, v, strict=True)) for row in zip(*X, strict=True)]
loss = sum((a - b) ** 2 for a, b in zip(r, fitted, strict=True))
with mpmath.workdps(30):
    deviation = [mpmath.sqrt(mpmath.mpf(s.numerator) / s.denominator) for s in variance]
    w = [float(s * a.numerator / a.denominator) for s, a in zip(deviation, v, strict=True)]
print_answer(
    example="ridge",
    objective=loss + LAM * sum(s * a * a for s, a in zip(variance, v, strict=True)),
    loss=loss,
    params={"w": w, "b": mean},
    labels={"w": features},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="normal equations in exact rational arithmetic, rounded once, ridge.py",
)
