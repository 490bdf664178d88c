"""The objectives of the zoo written out in NumPy by hand: a second opinion from outside gdsym.

`BY_HAND` maps a name to what `value` of the generated module must be (the objective minimised,
penalties included), given data and parameters by name. Written for clarity, not for large numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, gammaln, logsumexp, ndtr, softmax

Objective = Callable[..., Any]
BY_HAND: dict[str, Objective] = {}


def by_hand(objective: Objective) -> Objective:
    BY_HAND[objective.__name__] = objective
    return objective


@by_hand
def probit(X, y, w, b):
    p = ndtr(X @ w + b)
    return -np.sum(np.log(np.where(y == 1, p, 1 - p)))


@by_hand
def gamma_log(X, y, w, b):
    mu = np.exp(X @ w + b)
    return np.mean(y / mu + np.log(mu))


@by_hand
def negative_binomial(X, y, w, b, alpha):
    mu, r = np.exp(X @ w + b), 1 / alpha
    p = r / (r + mu)
    log_choose = gammaln(y + r) - gammaln(r) - gammaln(y + 1)
    return -np.sum(log_choose + r * np.log(p) + y * np.log(1 - p))


@by_hand
def poisson_offset(X, claims, years, w, b):
    eta = X @ w + b + np.log(years)
    return np.sum(np.exp(eta) - claims * eta)


@by_hand
def zero_inflated(X, y, w, b, q):
    eta = X @ w + b
    often = (1 - q) * np.exp(-np.exp(eta) + y * eta - gammaln(y + 1))
    return -np.sum(np.log(np.where(y == 0, q, 0) + often))


@by_hand
def beta(X, share, w, b, size):
    mu = expit(X @ w + b)
    a, c = mu * size, (1 - mu) * size
    normaliser = gammaln(a) + gammaln(c) - gammaln(a + c)
    return np.sum(normaliser - (a - 1) * np.log(share) - (c - 1) * np.log1p(-share))


@by_hand
def tobit(X, y, w, b, s):
    total = 0.0
    for x, v in zip(X, y, strict=True):
        mu = x @ w + b
        if v > 0:
            total += 0.5 * np.log(2 * np.pi * s**2) + (v - mu) ** 2 / (2 * s**2)
        else:
            total -= np.log(ndtr(-mu / s))
    return total


@by_hand
def heteroscedastic(X, y, w, b, v, c):
    sd = np.exp(X @ v + c)
    return np.sum(0.5 * np.log(2 * np.pi * sd**2) + (y - X @ w - b) ** 2 / (2 * sd**2))


@by_hand
def huber(X, y, wt, w, b):
    r = np.abs(y - X @ w - b)
    return np.average(np.where(r <= 1.345, r**2 / 2, 1.345 * (r - 1.345 / 2)), weights=wt)


@by_hand
def cauchy(X, y, w, b, s):
    r = y - X @ w - b
    return np.sum(np.log(np.pi * (s**2 + r**2) / s))


@by_hand
def pseudo_huber(X, y, w, b):
    r = y - X @ w - b
    return np.mean(0.5 * np.sqrt(0.25 + r**2) - 0.25)


@by_hand
def pinball(X, y, w, b):
    r = y - X @ w - b
    return np.mean(np.where(r > 0, 0.8 * r, -0.2 * r))


@by_hand
def hinge(X, y, w, b):
    return 10 * np.sum(np.maximum(0, 1 - y * (X @ w + b))) + w @ w / 2


@by_hand
def margin(X, y, w, b):
    return -np.mean(np.log(expit(y * (X @ w + b))))


@by_hand
def words(X, churned, w, b):
    p = expit(X @ w + b)
    return -np.mean(np.where(churned == 1, 3 * np.log(p), np.log(1 - p)))


@by_hand
def elastic_net(X, y, w, b):
    r = y - X @ w - b
    return r @ r / (2 * len(y)) + 0.1 * (0.7 * np.abs(w).sum() + 0.15 * w @ w)


@by_hand
def standardized_ridge(X, y, w, b):
    r = (X - X.mean(axis=0)) / X.std(axis=0) @ w + b - y
    return r @ r + 2 * w @ w


@by_hand
def nonnegative(X, y, w, c):
    r = y - X @ w - c
    return r @ r


@by_hand
def growth(x, y, b1, b2):
    return np.sum((y + b1 * np.expm1(-b2 * x)) ** 2)


@by_hand
def logistic_growth(x, y, b1, b2, b3):
    return np.sum((y - b1 * expit(b3 * x - b2)) ** 2)


@by_hand
def rosenbrock(x, y):
    return 100 * (y - x**2) ** 2 + (1 - x) ** 2


@by_hand
def quadratic(x):
    H = np.diag([1, 2, 0.5, 4]) + 0.5 * np.ones((4, 4))
    return x @ H @ x / 2 + np.array([-1, 3, 0.25, -6]) @ x


@by_hand
def softmax_labels(X, way, W, b):
    p = softmax(X @ W + b, axis=1)
    return -np.mean(np.log(p[np.arange(len(way)), way])) + 0.5 * np.sum(W**2)


@by_hand
def onehot(X, y, W):
    Z = X @ W
    log_p = Z - logsumexp(Z, axis=1, keepdims=True)
    seen = log_p[np.arange(len(y)), y]
    return -np.mean(0.9 * seen + 0.1 * log_p.mean(axis=1))


@by_hand
def two_way(y, group, day, T, up):
    r = y - T[group, day] - up[day]
    return r @ r + np.sum(T**2) + up @ up / 10


@by_hand
def bradley_terry(winner, loser, strength, home):
    lead = strength[winner] - strength[loser] + home
    return np.sum(np.log1p(np.exp(-lead))) + 0.05 * strength @ strength


@by_hand
def biased_factors(rating, user, item, U, V, bu, bi, m):
    total = 0.3 * (np.sum(U**2) + np.sum(V**2) + bu @ bu + bi @ bi)
    for r, u, i in zip(rating, user, item, strict=True):
        total += (r - m - bu[u] - bi[i] - U[u] @ V[i]) ** 2
    return total


@by_hand
def mixture_of_regressions(X, y, W, b, a, s):
    share = softmax(a)
    density = share / s * np.exp(-((y[:, None] - X @ W - b) ** 2) / (2 * s**2))
    return -np.sum(np.log(density.sum(axis=1)))


@by_hand
def mixture_plane(X, mu, s, a):
    total, share = 0.0, softmax(a)
    for x in X:
        each = [np.exp(-np.sum(((x - mu[k]) / s[k]) ** 2) / 2) / np.prod(s[k]) for k in range(3)]
        total -= np.log(share @ np.array(each))
    return total


@by_hand
def two_layers(X, y, W1, b1, W2, b2, v, c):
    out = np.log1p(np.exp(np.tanh(X @ W1 + b1) @ W2 + b2)) @ v + c
    return np.mean((out - y) ** 2) + 0.01 * (np.sum(W1**2) + np.sum(W2**2) + v @ v)


@by_hand
def classifier(X, y, W1, b1, W2, b2):
    p = softmax(np.maximum(X @ W1 + b1, 0) @ W2 + b2, axis=1)
    return -np.mean(np.log(p[np.arange(len(y)), y])) + (np.sum(W1**2) + np.sum(W2**2)) / 100


@by_hand
def principal(X, W, m):
    D = X - m
    return np.sum((D - (D @ W) @ W.T) ** 2) / len(X)


@by_hand
def smoothing(B, D, y, w):
    return np.sum((y - B @ w) ** 2) / 2 + 2 * np.sum((D @ w) ** 2)


@by_hand
def exponential(X, y, w):
    return logsumexp(-y * (X @ w)) - np.log(len(y)) + w @ w / 100


@by_hand
def portfolio(R, w):
    r = R @ w
    return -r.mean() / np.sqrt(r.var() + 0.1) + (np.sum(w) - 1) ** 2


@by_hand
def definitions(X, y, w, b):
    p = expit(X @ w + b)
    cross = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    r = np.abs(p - y)
    clipped = np.where(r < 0.5, r**2, r - 0.25)
    return np.mean(cross) + np.mean(clipped) / 4 + w @ w
