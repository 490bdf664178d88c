"""Right gradients of models in `tests/zoo`, written in NumPy as one writes them by hand.

`BY_HAND` maps a model to a function of its data, parameters and constants by name, which gives the
gradients of what is minimised in the order of the parameters. `wrong_functions.py` plants mistakes
in their text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import digamma, expit, ndtr, softmax
from scipy.stats import norm

Gradient = Callable[..., Any]
BY_HAND: dict[str, Gradient] = {}


def by_hand(gradient: Gradient) -> Gradient:
    BY_HAND[gradient.__name__] = gradient
    return gradient


@by_hand
def logistic(X, y, w, b, lam):
    n = len(y)
    residual = expit(X @ w + b) - y
    return X.T @ residual / n + lam * w, np.sum(residual) / n


@by_hand
def margin(X, y, w, b):
    m = y * (X @ w + b)
    pull = -y * expit(-m)
    return X.T @ pull / len(y), np.mean(pull)


@by_hand
def probit(X, y, w, b):
    sign = 2 * y - 1
    z = sign * (X @ w + b)
    ratio = sign * norm.pdf(z) / ndtr(z)
    return -X.T @ ratio, -np.sum(ratio)


@by_hand
def gamma_log(X, y, w, b):
    n = len(y)
    eta = X @ w + b
    pull = 1 - y * np.exp(-eta)
    return X.T @ pull / n, np.sum(pull) / n


@by_hand
def poisson_offset(X, claims, years, w, b):
    mu = years * np.exp(X @ w + b)
    return X.T @ (mu - claims), np.sum(mu - claims)


@by_hand
def huber(X, y, wt, w, b, delta):
    r = y - X @ w - b
    pull = wt * np.where(np.abs(r) <= delta, r, delta * np.sign(r)) / np.sum(wt)
    return -X.T @ pull, -np.sum(pull)


@by_hand
def pseudo_huber(X, y, w, b, delta):
    n = len(y)
    r = y - X @ w - b
    pull = r / np.sqrt(1 + (r / delta) ** 2)
    return -X.T @ pull / n, -np.sum(pull) / n


@by_hand
def cauchy(X, y, w, b, s):
    r = y - X @ w - b
    weight = 2 * r / (s**2 + r**2)
    return -X.T @ weight, -np.sum(weight), np.sum(1 / s - 2 * r**2 / (s * (s**2 + r**2)))


@by_hand
def pinball(X, y, w, b, tau):
    n = len(y)
    r = y - X @ w - b
    slope = np.where(r > 0, tau, tau - 1)
    return -X.T @ slope / n, -np.sum(slope) / n


@by_hand
def expectile(X, y, w, b, tau):
    n = len(y)
    r = y - X @ w - b
    weight = np.where(r < 0, 1 - tau, tau)
    return -2 * X.T @ (weight * r) / n, -2 * np.sum(weight * r) / n


@by_hand
def hinge(X, y, w, b, C):
    hit = 1 - y * (X @ w + b) > 0
    return w - C * X.T @ (y * hit), -C * np.sum(y * hit)


@by_hand
def squared_hinge(X, y, w, b, lam):
    short = np.maximum(1 - y * (X @ w + b), 0)
    return lam * w - 2 * X.T @ (y * short), -2 * np.sum(y * short)


@by_hand
def least_squares(X, y, w, b):
    r = y - X @ w - b
    return -2 * X.T @ r, -2 * np.sum(r)


@by_hand
def elastic_net(X, y, w, b, lam, alpha):
    n = len(y)
    r = y - X @ w - b
    shrink = lam * alpha * np.sign(w) + lam * (1 - alpha) * w
    return shrink - X.T @ r / n, -np.sum(r) / n


@by_hand
def tweedie(X, y, w, b, p):
    n = len(y)
    z = X @ w + b
    pull = np.exp((2 - p) * z) - y * np.exp((1 - p) * z)
    return X.T @ pull / n, np.sum(pull) / n


@by_hand
def heteroscedastic(X, y, w, b, v, c):
    r = y - X @ w - b
    precision = np.exp(-2 * (X @ v + c))
    pull = r * precision
    spread = 1 - r**2 * precision
    return -X.T @ pull, -np.sum(pull), X.T @ spread, np.sum(spread)


@by_hand
def weibull(X, t, died, w, b, k):
    gap = np.log(t) - (X @ w + b)
    excess = np.exp(k * gap) - died
    return -k * X.T @ excess, -k * np.sum(excess), np.sum(excess * gap) - np.sum(died) / k


@by_hand
def beta(X, share, w, b, size):
    mu = expit(X @ w + b)
    a, c = mu * size, (1 - mu) * size
    by_mu = digamma(a) - digamma(c) - np.log(share) + np.log(1 - share)
    slope = by_mu * size * mu * (1 - mu)
    ends = mu * (digamma(a) - np.log(share)) + (1 - mu) * (digamma(c) - np.log(1 - share))
    return X.T @ slope, np.sum(slope), np.sum(ends - digamma(size))


@by_hand
def focal(X, y, w, b, gamma):
    n = len(y)
    p = expit(X @ w + b)
    hit = y * p + (1 - y) * (1 - p)
    by_hit = gamma * (1 - hit) ** (gamma - 1) * np.log(hit) - (1 - hit) ** gamma / hit
    slope = by_hit * (2 * y - 1) * p * (1 - p)
    return X.T @ slope / n, np.sum(slope) / n


@by_hand
def growth(x, y, b1, b2):
    fall = np.exp(-b2 * x)
    r = y - b1 * (1 - fall)
    return -2 * np.sum(r * (1 - fall)), -2 * np.sum(r * b1 * x * fall)


@by_hand
def logistic_growth(x, y, b1, b2, b3):
    p = expit(b3 * x - b2)
    r = y - b1 * p
    slope = 2 * r * b1 * p * (1 - p)
    return -2 * np.sum(r * p), np.sum(slope), -np.sum(slope * x)


@by_hand
def yield_curve(t, rate, level, slope, bend, tau):
    u = t / tau
    fall = (1 - np.exp(-u)) / u
    hump = fall - np.exp(-u)
    r = rate - level - slope * fall - bend * hump
    by_tau = (slope * hump + bend * (hump - u * np.exp(-u))) / tau
    return -2 * np.sum(r), -2 * np.sum(r * fall), -2 * np.sum(r * hump), -2 * np.sum(r * by_tau)


@by_hand
def rosenbrock(x, y):
    gap = y - x**2
    return -400 * x * gap - 2 * (1 - x), 200 * gap


@by_hand
def himmelblau(x, y):
    first, second = x**2 + y - 11, x + y**2 - 7
    return 4 * x * first + 2 * second, 2 * first + 4 * y * second


@by_hand
def rastrigin(x):
    return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)


@by_hand
def exponential(X, y, w):
    share = softmax(-y * (X @ w))
    return w / 50 - X.T @ (y * share)


@by_hand
def kernel_ridge(K, y, a, lam):
    return K.T @ (K @ a - y) + lam * a


@by_hand
def smoothing(B, D, y, w, lam):
    return B.T @ (B @ w - y) + lam * D.T @ (D @ w)


@by_hand
def softmax_labels(X, way, W, b, lam):
    n = len(way)
    residual = softmax(X @ W + b, axis=1) - np.eye(3)[way]
    return X.T @ residual / n + 2 * lam * W, np.sum(residual, axis=0) / n


@by_hand
def travel(C, X, way, price, W, b):
    residual = softmax(price * C + X @ W + b, axis=1) - np.eye(3)[way]
    return np.sum(C * residual), X.T @ residual, np.sum(residual, axis=0)


@by_hand
def classifier(X, y, W1, b1, W2, b2):
    n = len(y)
    A = X @ W1 + b1
    H = np.maximum(A, 0)
    top = (softmax(H @ W2 + b2, axis=1) - np.eye(3)[y]) / n
    back = top @ W2.T * (A > 0)
    return (
        X.T @ back + W1 / 50,
        np.sum(back, axis=0),
        H.T @ top + W2 / 50,
        np.sum(top, axis=0),
    )


@by_hand
def two_layers(X, y, W1, b1, W2, b2, v, c, lam):
    n = len(y)
    H = np.tanh(X @ W1 + b1)
    A = H @ W2 + b2
    S = np.logaddexp(0, A)
    top = 2 * (S @ v + c - y) / n
    inner = np.outer(top, v) * expit(A)
    back = inner @ W2.T * (1 - H**2)
    return (
        X.T @ back + 2 * lam * W1,
        np.sum(back, axis=0),
        H.T @ inner + 2 * lam * W2,
        np.sum(inner, axis=0),
        S.T @ top + 2 * lam * v,
        np.sum(top),
    )


@by_hand
def bradley_terry(winner, loser, strength, home, lam):
    pull = expit(-(strength[winner] - strength[loser] + home))
    g = lam * strength
    np.add.at(g, winner, -pull)
    np.add.at(g, loser, pull)
    return g, -np.sum(pull)


@by_hand
def two_way(y, group, day, T, up):
    r = y - T[group, day] - up[day]
    g, h = 2 * T, up / 5
    np.add.at(g, (group, day), -2 * r)
    np.add.at(h, day, -2 * r)
    return g, h


@by_hand
def biased_factors(rating, user, item, U, V, bu, bi, m, lam):
    r = rating - m - bu[user] - bi[item] - np.sum(U[user] * V[item], axis=1)
    GU, GV, gu, gi = 2 * lam * U, 2 * lam * V, 2 * lam * bu, 2 * lam * bi
    np.add.at(GU, user, -2 * r[:, None] * V[item])
    np.add.at(GV, item, -2 * r[:, None] * U[user])
    np.add.at(gu, user, -2 * r)
    np.add.at(gi, item, -2 * r)
    return GU, GV, gu, gi, -2 * np.sum(r)


@by_hand
def factorization_machine(X, y, w, b, V, lam):
    n = len(y)
    XV = X @ V
    pairs = np.sum(XV**2 - X**2 @ V**2, axis=1) / 2
    r = b + X @ w + pairs - y
    G = X.T @ (r[:, None] * XV) - V * (X.T**2 @ r)[:, None]
    return 2 * X.T @ r / n, 2 * np.sum(r) / n, 2 * G / n + 2 * lam * V


@by_hand
def parts(X, W, H):
    gap = 1 - X / (W @ H)
    return gap @ H.T, W.T @ gap
