"""python examples/answers/mixture.py > examples/answers/mixture.json"""

import mpmath
import numpy as np
from mpmath import mpf
from solvers import columns, newton_mpmath, numbers, print_answer

x = numbers(columns("lengths.csv"), ["length"])[:, 0]


def em(mu, s, share):
    """Expectation maximisation (Dempster, Laird and Rubin, 1977) until nothing changes."""
    for _ in range(5000):
        density = share / s * np.exp(-(((x[:, None] - mu) / s) ** 2) / 2)  # (n, k)
        member = density / density.sum(axis=1, keepdims=True)
        total = member.sum(axis=0)
        new_mu = (member * x[:, None]).sum(axis=0) / total
        s = np.sqrt((member * (x[:, None] - new_mu) ** 2).sum(axis=0) / total)
        share, change, mu = total / len(x), np.abs(new_mu - mu).max(), new_mu
        if change < 1e-17:
            break
    return mu, s, share


rows = [mpf(float(value)) for value in x]


def components(theta, value):
    """log(share * density) of each component at one value; theta is mu, s, a of all but one."""
    mu, s, a = theta[:3], theta[3:6], [*theta[6:], mpf(0)]
    total = mpmath.log(sum(mpmath.exp(v) for v in a))
    r = [(value - m) / t for m, t in zip(mu, s, strict=True)]
    return r, [a[k] - total - mpmath.log(s[k]) - r[k] ** 2 / 2 for k in range(3)]


def gradient(theta):
    s, a = theta[3:6], [*theta[6:], mpf(0)]
    total = sum(mpmath.exp(v) for v in a)
    g = [mpf(0)] * 8
    for value in rows:
        r, logs = components(theta, value)
        density = [mpmath.exp(v) for v in logs]
        for k in range(3):
            member = density[k] / sum(density)
            g[k] -= member * r[k] / s[k]
            g[3 + k] -= member * (r[k] ** 2 - 1) / s[k]
            if k < 2:
                g[6 + k] -= member - mpmath.exp(a[k]) / total
    return g


def objective(theta):
    terms = (mpmath.log(sum(mpmath.exp(v) for v in components(theta, value)[1])) for value in rows)
    return -mpmath.fsum(terms) + len(rows) * mpmath.log(2 * mpmath.pi) / 2


mu, s, share = em(np.array([18.0, 28, 40]), np.array([3.0, 3, 3]), np.ones(3) / 3)
start = [*mu, *s, np.log(share[0] / share[2]), np.log(share[1] / share[2])]
theta, step = newton_mpmath(gradient, [float(value) for value in start])
with mpmath.workdps(40):
    a = [*theta[6:], mpf(0)]
    centre = sum(a) / 3
    print_answer(
        example="mixture",
        objective=objective(theta),
        params={
            "mu": [float(v) for v in theta[:3]],
            "s": [float(v) for v in theta[3:6]],
            "a": [float(v - centre) for v in a],
        },
        labels={name: ["small", "medium", "large"] for name in ("mu", "s", "a")},
        unique="up to the order of the components; a up to a common number, here with mean 0",
        tolerance={"objective": 1e-10, "params": 1e-6},
        how="expectation maximisation in long double until nothing changes, then Newton's method "
        "in 40 digits, mixture.py",
        last_newton_step=step,
        distance_from_em=float(
            max(abs(float(v) - float(e)) for v, e in zip(theta, start, strict=True))
        ),
    )
