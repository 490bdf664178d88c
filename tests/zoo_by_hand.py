"""The objectives of the zoo written out in NumPy by hand: a second opinion from outside gdsym.

`BY_HAND` maps a name to what `value` of the generated module must be (the objective minimised,
penalties included), given data and parameters by name. Written for clarity, not for large numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
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


@by_hand
def least_squares(X, y, w, b):
    return sum((v - b - x @ w) ** 2 for x, v in zip(X, y, strict=True))


@by_hand
def group_lasso(X, y, group, w):
    r = y - X @ w
    penalties = [np.sqrt(np.sum(group == g)) * np.linalg.norm(w[group == g]) for g in (0, 1)]
    return r @ r / (2 * len(y)) + 0.4 * sum(penalties)


@by_hand
def blend(X, y, w):
    r = y - X @ w
    return r @ r


@by_hand
def logistic(X, y, w, b):
    p = expit(X @ w + b)
    return -np.mean(np.log(np.where(y == 1, p, 1 - p))) + 0.025 * w @ w


@by_hand
def focal(X, y, w, b):
    p = expit(X @ w + b)
    hit = np.where(y == 1, p, 1 - p)
    return -np.mean((1 - hit) ** 2 * np.log(hit))


@by_hand
def tweedie(X, y, w, b):
    mu = np.exp(X @ w + b)
    return np.mean(2 * y / np.sqrt(mu) + 2 * np.sqrt(mu))


@by_hand
def cloglog(X, y, w, b):
    p = 1 - np.exp(-np.exp(X @ w + b))
    return -np.sum(np.log(np.where(y == 1, p, 1 - p)))


@by_hand
def tukey(X, y, w, b):
    total = 0.0
    for r in y - X @ w - b:
        u = r / 4.685
        total += 4.685**2 / 6 * (1 - (1 - u**2) ** 3 if abs(u) < 1 else 1)
    return total


@by_hand
def student(X, y, w, b, s, nu):
    seen = stats.t.logpdf(y, df=nu, loc=X @ w + b, scale=s)
    return -np.sum(seen) - np.sum(stats.norm.logpdf(w, scale=3))


@by_hand
def expectile(X, y, w, b):
    r = y - X @ w - b
    return np.mean(np.where(r < 0, 0.1, 0.9) * r**2)


@by_hand
def squared_hinge(X, y, w, b):
    short = 1 - y * (X @ w + b)
    return np.sum(short[short > 0] ** 2) + 0.05 * w @ w


@by_hand
def crammer_singer(X, y, W):
    total = 0.0
    for z, k in zip(X @ W, y, strict=True):
        total += max([z[j] + 1 for j in range(4) if j != k] + [z[k]]) - z[k]
    return total / len(y) + 0.05 * np.sum(W**2)


@by_hand
def kernel_ridge(K, y, a):
    return np.sum((y - K @ a) ** 2) / 2 + 0.1 * a @ a


def gaussian(y, K):
    """Minus the logarithm of the density of y, Gaussian with mean 0 and covariance K."""
    return -stats.multivariate_normal(np.zeros(len(y)), K).logpdf(y)


def gaussian_rows(R, K):
    """The same of every row together, without the constant."""
    return sum(gaussian(row, K) for row in R) - R.size / 2 * np.log(2 * np.pi)


@by_hand
def gaussian_process(x, y, reach, height, noise):
    K = height**2 * np.exp(-((x[:, None] - x) ** 2) / (2 * reach**2))
    return gaussian(y, K + noise**2 * np.eye(len(x)))


@by_hand
def kernel_regression(X, y, reach):
    K = np.exp(-np.sum((X[:, None] - X) ** 2, axis=-1) / (2 * reach**2))
    errors = []
    for out in range(len(y)):  # the fit without this row
        kept = np.arange(len(y)) != out
        own = K[np.ix_(kept, kept)] + 0.1 * np.eye(len(y) - 1)
        errors.append(y[out] - K[out, kept] @ np.linalg.solve(own, y[kept]))
    return np.mean(np.square(errors))


@by_hand
def relevance(X, y, a, noise):
    Z = X * np.exp(a)
    K = np.exp(-np.sum((Z[:, None] - Z) ** 2, axis=-1) / 2) + noise**2 * np.eye(len(y))
    return gaussian(y, K) - np.sum(stats.norm(0, 2).logpdf(a))


@by_hand
def evidence(X, y, shrink, precision):
    return gaussian(y, np.eye(len(y)) / precision + X @ X.T / shrink)


@by_hand
def covariance(X, mu, B):
    P = B @ B.T + np.eye(len(B)) / 10
    return gaussian_rows(X - mu, np.linalg.inv(P)) + 0.1 * np.sum(abs(P))


@by_hand
def cholesky(X, below, mu, a, B):
    L = np.diag(np.exp(a)) + below * B
    return gaussian_rows(X - mu, L @ L.T) + np.sum(B**2) / 20


@by_hand
def factors(X, W, a):
    return gaussian_rows(X, W @ W.T + np.diag(np.exp(a)))


@by_hand
def ordinal(X, y, w, c):
    ends = np.concatenate([[-np.inf], c, [np.inf]])
    z = X @ w
    return -np.sum(np.log(expit(ends[y + 1] - z) - expit(ends[y] - z)))


@by_hand
def weibull(X, t, died, w, b, k):
    scale = np.exp(X @ w + b)
    density = stats.weibull_min.logpdf(t, k, scale=scale)
    survival = stats.weibull_min.logsf(t, k, scale=scale)
    return -np.sum(np.where(died == 1, density, survival))


@by_hand
def cox(X, t, died, w):
    z = X @ w
    risks = [np.log(np.sum(np.exp(z[t >= s]))) for s in t]
    return np.sum((np.array(risks) - z)[died == 1])


@by_hand
def implicit_ranking(user, chosen, passed, U, V, b):
    total = 0.1 * (np.sum(U**2) + np.sum(V**2) + b @ b)
    for u, i, j in zip(user, chosen, passed, strict=True):
        total += np.log1p(np.exp(-(b[i] - b[j] + U[u] @ (V[i] - V[j]))))
    return total


@by_hand
def factorization_machine(X, y, w, b, V):
    total = 0.0
    for x, v in zip(X, y, strict=True):
        z = b + x @ w
        for i in range(len(x)):
            for j in range(i):
                z += V[i] @ V[j] * x[i] * x[j]
        total += (v - z) ** 2
    return total / len(y) + 0.1 * np.sum(V**2)


@by_hand
def parts(X, W, H):
    M = W @ H
    return np.sum(M) - np.sum(X * np.log(M))


@by_hand
def yield_curve(t, rate, level, slope, bend, tau):
    hump = tau * (1 - np.exp(-t / tau)) / t
    curve = level + (slope + bend) * hump - bend * np.exp(-t / tau)
    return np.sum((rate - curve) ** 2)


@by_hand
def smile(k, v, expiry, vega, a, b, rho, m, s):
    total = 0.0
    for i, e in enumerate(expiry):
        wing = rho[e] * (k[i] - m[e]) + np.hypot(k[i] - m[e], s[e])
        total += vega[i] * (v[i] - a[e] - b[e] * wing) ** 2
    return total


@by_hand
def shortfall(R, w, var):
    lost = -(R @ w) - var
    return var + np.sum(lost[lost > 0]) / (0.3 * len(R))


@by_hand
def glove(word, near, count, U, a, V, c):
    total = 0.0
    for i, j, x in zip(word, near, count, strict=True):
        weight = (x / 10) ** 0.75 if x < 10 else 1
        total += weight * (U[i] @ V[j] + a[i] + c[j] - np.log(x)) ** 2
    return total / len(count)


@by_hand
def policy(S, action, logged, gain, W, b):
    p = softmax(S @ W + b, axis=1)[np.arange(len(gain)), action]
    weight = np.minimum(p / logged, 5)
    return -np.mean(weight * (gain - gain.mean())) + np.sum(W**2) / 10


@by_hand
def item_response(pupil, task, solved, ability, hardness, power):
    p = expit(power[task] * (ability[pupil] - hardness[task]))
    prior = np.sum(stats.norm.logpdf(ability)) + np.sum(stats.lognorm.logpdf(power, 0.5))
    return -np.sum(np.log(np.where(solved == 1, p, 1 - p))) - prior


@by_hand
def steps(y, D, x):
    return np.sum((y - x) ** 2) / 2 + np.sum(np.sqrt(np.diff(x) ** 2 + 0.01))


@by_hand
def predators(hares, foxes, D, x, y, birth, eaten, feed, death):
    dx = D @ x - x * (birth - eaten * y)
    dy = D @ y - y * (feed * x - death)
    return np.sum((hares - x) ** 2 + (foxes - y) ** 2 + 10 * dx**2 + 10 * dy**2)


@by_hand
def choice(X, case, chosen, w):
    v = X @ w
    p = [softmax(v[case == c])[chosen[case == c] == 1] for c in range(4)]
    return -np.sum(np.log(p))


@by_hand
def travel(C, X, way, price, W, b):
    p = softmax(price * C + X @ W + b, axis=1)
    return -np.sum(np.log(p[np.arange(len(way)), way]))


@by_hand
def isotonic(x, y, start, rise):
    past = np.maximum(0, x[:, None] - np.array([-1, -0.3, 0.4, 1.1]))
    return np.sum((y - start - past @ rise) ** 2)


@by_hand
def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@by_hand
def rastrigin(x):
    return sum(10 + v**2 - 10 * np.cos(2 * np.pi * v) for v in x)
