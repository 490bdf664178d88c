"""python examples/answers/factorisation.py > examples/answers/factorisation.json

The least value of 1/2*|R - U V'|^2 + lam/2*(|U|^2 + |V|^2) over factors with f columns is that of
1/2*|R - M|^2 + lam*(sum of the singular values of M) over matrices M of rank f: M has the singular
vectors of R and its f largest singular values less lam (Srebro, Rennie and Jaakkola, 2005;
Cai, Candes and Shen, 2010). There are no local minima that are not global (Ge et al., 2017).
U and V are unique up to a rotation; M = U V' is unique.
"""

import numpy as np
from solvers import columns, print_answer

LAM, F = 3.0, 5
table = columns("ratings.csv")
R = np.zeros((60, 40))
for user, item, rating in zip(*table.values(), strict=True):
    R[int(user), int(item)] = float(rating)

left, sigma, right = np.linalg.svd(R)
shrunk = sigma[:F] - LAM
# |R - M|^2 is lam^2 for each singular value kept, and its square for each one left out.
objective = (F * LAM**2 + np.sum(sigma[F:] ** 2)) / 2 + LAM * np.sum(shrunk)
M = (left[:, :F] * shrunk) @ right[:F]
print_answer(
    example="factorisation",
    objective=objective,
    loss=np.sum((R - M) ** 2) / 2,
    params=None,
    singular_values=shrunk,
    tolerance={"objective": 1e-10, "singular_values": 1e-6},
    how="closed form by singular values in float64, factorisation.py",
)
