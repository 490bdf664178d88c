"""Losses as people write them in NumPy, for `gdsym trace`."""

import math

import numpy as np
import scipy.linalg
import scipy.special as sp
from numpy.linalg import inv, norm
from scipy.spatial.distance import cdist
from scipy.special import expit, gammaln, logsumexp, xlogy

TAU = np.array([0.1, 0.5, 0.9])


def sigmoid(t):
    return 1.0 / (1.0 + np.exp(-t))


def least_squares(w, X, y):
    r = X @ w - y
    return r @ r / 2


def ridge(w, b, X, y, lam=0.1):
    pred = X.dot(w) + b
    return ((y - pred) ** 2).mean() + lam * w @ w


def ols_by_hand(theta, x, y):
    m, c = theta
    total = np.sum((y - (m * x + c)) ** 2)
    return total / (2 * len(x))


def lasso(w, X, y, alpha=0.3):
    return np.sum((X @ w - y) ** 2) / (2 * X.shape[0]) + alpha * np.abs(w).sum()


def elastic_net(w, X, y, l1=0.1, l2=0.2):
    return np.mean(np.square(X @ w - y)) + l1 * np.linalg.norm(w, 1) + l2 * np.linalg.norm(w) ** 2


def logistic_naive(w, b, X, y):
    z = X @ w + b
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def logistic_stable(w, b, X, y):
    z = np.dot(X, w) + b
    return np.logaddexp(0, z).sum() - np.dot(y, z)


def cross_entropy(theta, X, y):
    m = y.size
    h = sigmoid(X.dot(theta[1:]) + theta[0])
    return float(-1 / m * (y.T.dot(np.log(h)) + (1 - y).T.dot(np.log(1 - h))))


def clipped_cross_entropy(w, b, X, y, eps=1e-12):
    p = np.clip(expit(X @ w + b), eps, 1 - eps)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def margin_logistic(w, X, y, lam=0.5):
    margins = y * (X @ w)
    loss = np.log1p(np.exp(-margins)).sum()
    loss += 0.5 * lam * np.dot(w, w)
    return loss


def probit(w, X, y):
    q = 2 * y - 1
    return -np.sum(sp.log_ndtr(q * (X @ w)))


def hinge(w, b, X, y, C=1.0):
    slack = np.maximum(0, 1 - y * (X @ w + b))
    return 0.5 * np.sum(w * w) + C * slack.sum()


def squared_hinge(w, X, y):
    return np.mean(np.maximum(1 - y * (X @ w), 0.0) ** 2)


def huber(w, X, y, delta=1.0):
    r = y - X @ w
    a = np.abs(r)
    return np.where(a <= delta, 0.5 * r**2, delta * (a - 0.5 * delta)).sum()


def scipy_huber(w, X, y, delta=1.5):
    return sp.huber(delta, X @ w - y).mean()


def tukey(w, X, y, c=4.685):
    u = (y - X @ w) / c
    inside = np.abs(u) <= 1
    rho = c**2 / 6 * (1 - (1 - u**2) ** 3)
    return np.sum(np.where(inside, rho, c**2 / 6))


def pseudo_huber(w, X, y):
    return np.sum(np.sqrt(1 + (X @ w - y) ** 2) - 1)


def log_cosh(w, X, y):
    return np.mean(np.log(np.cosh(X @ w - y)))


def pinball(q, y):
    r = y[:, None] - q[None, :]
    return np.mean(np.maximum(TAU * r, (TAU - 1) * r))


def poisson(w, b, X, y):
    eta = X @ w + b
    return np.sum(np.exp(eta) - y * eta + gammaln(y + 1))


def poisson_with_exposure(w, X, y, exposure):
    mu = exposure * np.exp(X @ w)
    return -(xlogy(y, mu) - mu).mean()


def negative_binomial(w, r, X, y):
    mu = np.exp(X @ w)
    return -np.sum(
        gammaln(y + r)
        - gammaln(r)
        - gammaln(y + 1)
        + r * np.log(r / (r + mu))
        + y * np.log(mu / (r + mu))
    )


def gamma_regression(w, k, X, y):
    mu = np.exp(X @ w)
    return np.sum(gammaln(k) - k * np.log(k / mu) - (k - 1) * np.log(y) + k * y / mu)


def beta_regression(w, phi, X, y):
    mu = expit(X @ w)
    a, b = mu * phi, (1 - mu) * phi
    return np.sum(sp.betaln(a, b) - (a - 1) * np.log(y) - (b - 1) * np.log1p(-y))


def gaussian_nll(mu, log_sigma, x):
    sigma = np.exp(log_sigma)
    return (
        0.5 * np.sum(((x - mu) / sigma) ** 2)
        + len(x) * log_sigma
        + 0.5 * len(x) * np.log(2 * np.pi)
    )


def normal_by_math(mu, sigma, x):
    n = len(x)
    return n * math.log(sigma * math.sqrt(2 * math.pi)) + sum((x - mu) ** 2) / (2 * sigma**2)


def student_t(w, s, X, y, nu=4.0):
    z = (y - X @ w) / s
    const = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(s)
    return -np.sum(const - (nu + 1) / 2 * np.log1p(z**2 / nu))


def weibull(k, lam, t, event):
    log_h = np.log(k) - np.log(lam) + (k - 1) * (np.log(t) - np.log(lam))
    return -np.sum(event * log_h - (t / lam) ** k)


def softmax_one_hot(W, b, X, y):
    scores = X @ W + b
    scores -= scores.max(axis=1, keepdims=True)
    probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    return -np.log(probs[np.arange(X.shape[0]), y]).mean()


def softmax_logsumexp(W, X, y, lam=0.01):
    Z = X @ W
    n = len(y)
    ll = Z[range(n), y] - logsumexp(Z, axis=1)
    return -ll.sum() / n + lam * np.sum(W**2)


def softmax_targets(W, X, Y):
    Z = np.einsum("ij,jk->ik", X, W)
    log_p = Z - np.log(np.exp(Z).sum(axis=1))[:, np.newaxis]
    return -np.sum(Y * log_p) / X.shape[0]


def softmax_eye(W, X, y):
    k = W.shape[1]
    Y = np.eye(k)[y]
    return -np.mean(np.sum(Y * sp.log_softmax(X @ W, axis=1), axis=1))


def softmax_compared(W, X, y):
    Y = (y[:, None] == np.arange(W.shape[1])).astype(float)
    return -(Y * np.log(sp.softmax(X @ W, axis=-1))).sum()


def factorisation(U, V, user, item, r, lam=0.1):
    e = r - np.sum(U[user] * V[item], axis=1)
    return np.sum(e**2) + lam * (np.sum(U**2) + np.sum(V**2))


def biased_factorisation(U, V, bu, bi, mu, user, item, r):
    pred = mu + bu[user] + bi[item] + np.einsum("ij,ij->i", U[user], V[item])
    return np.mean((r - pred) ** 2) + 0.02 * (norm(U) ** 2 + norm(V) ** 2)


def whole_factorisation(U, V, R, mask):
    return np.sum(mask * (R - U @ V.T) ** 2) + 0.1 * (np.sum(U * U) + np.sum(V * V))


def random_effects(w, u, X, group, y, tau=0.7):
    resid = y - X @ w - u[group]
    return 0.5 * resid @ resid + 0.5 * u @ u / tau**2


def bradley_terry(s, winner, loser):
    return np.log1p(np.exp(-(s[winner] - s[loser]))).sum() + 0.01 * np.sum(s**2)


def table_of_effects(T, row, column, y):
    return ((y - T[row, column]) ** 2).sum()


def two_layers(W1, b1, W2, b2, X, y):
    hidden = np.tanh(X @ W1 + b1)
    out = hidden @ W2 + b2
    return np.mean((out - y) ** 2)


def relu_classifier(W1, b1, W2, b2, X, y):
    a = np.maximum(X @ W1 + b1, 0)
    logits = a @ W2 + b2
    logits = logits - np.max(logits, axis=1, keepdims=True)
    logp = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    return -logp[np.arange(len(X)), y].mean()


def flat_network(theta, X, y):
    d = X.shape[1]
    h = 3
    W1 = theta[: d * h].reshape(d, h)
    b1 = theta[d * h : d * h + h]
    w2 = theta[d * h + h : -1]
    out = sigmoid(X @ W1 + b1) @ w2 + theta[-1]
    return 0.5 * ((out - y) ** 2).sum() + 1e-3 * (theta**2).sum()


def autoencoder(W, X):
    code = X @ W
    return np.mean((X - code @ W.T) ** 2)


def gaussian_process(ell, sf, sn, X, y):
    n = X.shape[0]
    sq = np.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=-1)
    K = sf**2 * np.exp(-0.5 * sq / ell**2) + sn**2 * np.eye(n)
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y @ alpha + np.sum(np.log(np.diag(L))) + 0.5 * n * np.log(2 * np.pi)


def gaussian_process_scipy(log_theta, x, y):
    ell, noise = np.exp(log_theta[0]), np.exp(log_theta[1])
    K = np.exp(-cdist(x, x, "sqeuclidean") / (2 * ell**2)) + noise * np.eye(len(x))
    c = scipy.linalg.cho_factor(K, lower=True)
    return 0.5 * np.dot(y, scipy.linalg.cho_solve(c, y)) + np.log(np.diag(c[0])).sum()


def gaussian_process_slogdet(ell, noise, X, y):
    s = (X**2).sum(1)
    D = s[:, None] + s[None, :] - 2 * X @ X.T
    K = np.exp(-D / (2 * ell**2)) + noise * np.identity(y.shape[0])
    _sign, logdet = np.linalg.slogdet(K)
    return 0.5 * (logdet + y @ np.linalg.solve(K, y))


def whitened(ell, X, y):
    K = np.exp(-(cdist(X, X) ** 2) / ell) + 0.1 * np.eye(len(y))
    L = scipy.linalg.cholesky(K, lower=True)
    v = scipy.linalg.solve_triangular(L, y, lower=True)
    return 0.5 * np.sum(v**2) + np.log(np.diag(L)).sum()


def multivariate_normal(mu, X, S):
    diff = X - mu
    return 0.5 * np.sum(diff @ inv(S) * diff) + 0.5 * len(X) * np.log(np.linalg.det(S))


def mahalanobis(mu, X, P):
    d = X - mu
    return np.einsum("ni,ij,nj->n", d, P, d).mean()


def mixture(logits, mu, log_s, x):
    log_pi = logits - logsumexp(logits)
    s = np.exp(log_s)
    comp = log_pi + -0.5 * ((x[:, None] - mu) / s) ** 2 - log_s - 0.5 * np.log(2 * np.pi)
    return -np.sum(logsumexp(comp, axis=1))


def mixture_by_max(weight, mu, x):
    dens = np.log(weight) - 0.5 * (x.reshape(-1, 1) - mu.reshape(1, -1)) ** 2
    m = dens.max(axis=1)
    return -(m + np.log(np.exp(dens - m[:, None]).sum(axis=1))).mean()


def k_means(C, X):
    D = ((X[:, None, :] - C[None, :, :]) ** 2).sum(axis=2)
    return D.min(axis=1).sum()


def portfolio(w, mu, Sigma, gamma=2.0):
    return -w @ mu + gamma / 2 * w @ Sigma @ w


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def unrolled(w, y):
    total = 0
    for i in range(len(w)):
        total += (w[i] - i) ** 2
    return total + np.mean(y) * w[0]


def intercept_column(theta, X, y):
    A = np.hstack([np.ones((X.shape[0], 1)), X])
    return np.sum((A @ theta - y) ** 2) / (2 * len(y))


def standardised(w, X, y):
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    return np.mean((y - Z @ w) ** 2)


def explained_variance(w, X, y):
    resid = y - X @ w
    return np.var(resid) / np.var(y, ddof=1)


def focal(w, X, y, gamma=2.0):
    p = sigmoid(X @ w)
    pt = np.where(y == 1, p, 1 - p)
    return -np.mean((1 - pt) ** gamma * np.log(pt))


def contrastive(W, A, B):
    a, b = A @ W, B @ W
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    S = a @ b.T
    return -np.mean(np.diag(S) - logsumexp(S, axis=1))


def smoothness(f, y, L, lam=0.4):
    return np.sum((y - f) ** 2) + lam * f @ L @ f


def cox_free(w, X, time, event):
    eta = X @ w
    at_risk = time[None, :] >= time[:, None]
    log_risk = np.log(np.sum(at_risk * np.exp(eta)[None, :], axis=1))
    return -np.sum(event * (eta - log_risk))


def mask_assigned(w, X, y):
    r = np.abs(X @ w - y)
    r[r < 0.5] = 0
    return r.sum()


def von_mises(mu, kappa, x):
    return -kappa * np.cos(x - mu).sum() + kappa**2 * len(x)


def entropy_of_shares(p, q):
    return sp.rel_entr(p, q).sum() + 0.1 * sp.entr(p).sum()


def asserted(w, X, y):
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if X.shape[0] != y.shape[0]:
        raise ValueError("X and y have different lengths")
    assert X.ndim == 2
    if not np.all(np.isfinite(X)):
        raise ValueError("X has nan")
    print(f"loss of {len(y)} rows")
    return float(np.mean((X @ w - y) ** 2))


def with_helper(w, X, y):
    def residual(v):
        return X @ v - y

    return np.sum(residual(w) ** 2)


def class_style(theta, X, y, reg=1e-2):
    theta = np.asarray(theta)
    X = np.atleast_2d(X)
    m, _ = X.shape
    h = expit(np.matmul(X, theta))
    J = np.sum(-y * np.log(h) - (1.0 - y) * np.log(1.0 - h)) / m
    J = J + reg / (2 * m) * np.sum(np.power(theta, 2))
    return J


def column_vectors(w, X, y):
    r = X @ w - y
    return (r.T @ r)[0, 0] / 2


def column_vectors2(w, b, X, y):
    m = X.shape[1]
    A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
    cost = -1 / m * np.sum(y * np.log(A) + (1 - y) * np.log(1 - A))
    return np.squeeze(cost)


def deep(W1, b1, W2, b2, W3, b3, X, Y):
    A1 = np.maximum(0, W1 @ X + b1[:, None])
    A2 = np.maximum(0, W2 @ A1 + b2[:, None])
    Z3 = W3 @ A2 + b3[:, None]
    E = np.exp(Z3 - np.max(Z3, axis=0))
    P = E / E.sum(axis=0)
    return -np.sum(Y * np.log(P)) / X.shape[1]


def full_mixture(mu, x, w, P):
    d = x[:, None, :] - mu[None, :, :]
    q = np.einsum("nkd,de,nke->nk", d, P, d)
    return -np.sum(logsumexp(np.log(w) - 0.5 * q, axis=1))


def mixture_by_a_loop(pi, mu, sigma, x):
    total = 0
    for k in range(3):
        total = total + pi[k] * np.exp(-((x - mu[k]) ** 2) / (2 * sigma[k] ** 2)) / (
            np.sqrt(2 * np.pi) * sigma[k]
        )
    return -np.sum(np.log(total))


def pca(W, X):
    Xc = X - X.mean(0)
    return np.linalg.norm(Xc - Xc @ W @ W.T, "fro") ** 2


def svm_primal(w, b, X, y, C=1.0):
    d = 1 - y * (X @ w + b)
    d[d < 0] = 0
    return 0.5 * np.dot(w, w) + C * d.sum()


def multiclass_hinge(W, X, y):
    S = X.dot(W)
    n = X.shape[0]
    correct = S[np.arange(n), y][:, None]
    margins = np.maximum(0, S - correct + 1)
    margins[np.arange(n), y] = 0
    return margins.sum() / n + 0.1 * np.sum(W * W)


def ar1(phi, c, y, ylag):
    e = y - c - phi * ylag
    return (e**2).mean()


def garch(omega, r):
    return np.sum(np.log(omega) + r**2 / omega)


def neg_sharpe(w, R):
    p = R @ w
    return -p.mean() / p.std()


def neg_sharpe_ddof(w, R):
    p = R @ w
    return -p.mean() / p.std(ddof=1)


def tv(x, y, lam=0.1):
    return 0.5 * np.sum((x - y) ** 2)


def kernel_ridge(alpha, K, y, lam=0.1):
    r = y - K @ alpha
    return r @ r + lam * alpha @ K @ alpha


def rbf_features(c, a, x, y):
    Phi = np.exp(-((x[:, None] - c[None, :]) ** 2))
    return np.sum((Phi @ a - y) ** 2)


def attention(Q, K, V, T):
    A = Q @ K.T / np.sqrt(Q.shape[1])
    A = np.exp(A) / np.exp(A).sum(axis=-1, keepdims=True)
    return np.mean((A @ V - T) ** 2)


def triplet(E, a, p, n_):
    dp = np.sum((E[a] - E[p]) ** 2, axis=1)
    dn = np.sum((E[a] - E[n_]) ** 2, axis=1)
    return np.maximum(dp - dn + 0.5, 0).mean()


def word2vec(In, Out, center, context, negative):
    pos = np.sum(In[center] * Out[context], axis=1)
    neg = np.sum(In[center] * Out[negative], axis=1)
    return -np.mean(np.log(expit(pos)) + np.log(expit(-neg)))


def kl_normal(mu, logvar):
    return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))


def vae_like(mu, logvar, x):
    return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar)) + np.sum((x - mu) ** 2)


def ordinal(beta, theta, X, y):
    eta = X @ beta
    return np.sum((theta[y] - eta) ** 2)


def zip_poisson(w, p, X, y):
    mu = np.exp(X @ w)
    ll0 = np.log(p + (1 - p) * np.exp(-mu))
    ll1 = np.log(1 - p) - mu + y * np.log(mu) - gammaln(y + 1)
    return -np.sum(np.where(y == 0, ll0, ll1))


def tobit(w, s, X, y):
    z = (y - X @ w) / s
    from scipy.stats import norm as normal

    return -np.sum(np.where(y > 0, normal.logpdf(z) - np.log(s), normal.logcdf(-(X @ w) / s)))


def logit_panel(beta, X, choice):
    U = np.einsum("nkd,d->nk", X, beta)
    return -np.sum(U[np.arange(len(choice)), choice] - np.log(np.exp(U).sum(1)))


def logdet_cov(L, X):
    S = L @ L.T + 0.1 * np.eye(L.shape[0])
    n = len(X)
    return n * np.linalg.slogdet(S)[1] + np.trace(X @ np.linalg.inv(S) @ X.T)


def dict_params(w, X, y):
    p = {"w": w}
    pred = X @ p["w"]
    return ((pred - y) ** 2).sum()


def quantile_check(w, X, y, tau=0.3):
    r = y - X @ w
    return np.sum(r * (tau - (r < 0)))


def weighted(w, X, y, wt):
    r = y - X @ w
    return np.average(r**2, weights=wt)


def polynomial(c, x, y):
    return np.sum((c[0] + c[1] * x + c[2] * x**2 - y) ** 2)


def michaelis(Vmax, Km, s, v):
    return np.sum((v - Vmax * s / (Km + s)) ** 2)


def rank_listnet(w, X, q):
    s = X @ w
    p = np.exp(s - s.max())
    p /= p.sum()
    return -np.sum(q * np.log(p))


def centred(a, X):
    Z = X - np.outer(np.ones(X.shape[0]), a)
    return np.sum(Z**2)


def either_rank(w, x):
    if x.ndim == 1:
        x = x[:, None]
    return np.sum((x - w) ** 2)


def wgmm(x, mu):
    return np.sum(np.min((x[:, np.newaxis] - mu) ** 2, axis=-1))


def rank_one(a, b, X):
    M = np.outer(a, b)
    return np.sum((X - M) ** 2)


def inner_ridge(b, A):
    x = np.linalg.solve(A.T @ A + np.eye(A.shape[1]), A.T @ b)
    return x @ x


def ica(W, X):
    S = X @ W.T
    return np.sum(np.log(np.cosh(S))) / len(X) - np.log(np.abs(np.linalg.det(W)))


def by_reduce(w, X, y):
    return np.add.reduce(np.logaddexp(0, X @ w)) - np.add.reduce(y * (X @ w), axis=0)


def by_logaddexp(W, X, y):
    Z = X @ W
    return np.sum(np.logaddexp.reduce(Z, axis=1)) - Z[np.arange(len(y)), y].sum()


def mean_abs(w, X, y):
    return np.abs(np.subtract(y, np.dot(X, w))).mean()


def power_law(a, b, x, y):
    return np.sum(np.square(y - a * x**b))


def norms_of_rows(W):
    return np.sum(np.linalg.norm(W, axis=1)) + np.max(np.abs(W))


def take_along(W, X, y):
    Z = X @ W
    return -np.take_along_axis(Z, y[:, None], axis=1).sum() + np.log(np.exp(Z).sum(1)).sum()


def taken(u, g, y):
    return np.sum((y - np.take(u, g)) ** 2)


def typed(w, X, y, scale=2.0):
    levels = np.array([1, 2, 4], dtype=float)
    X = np.array(X, dtype=np.float64)
    y = np.asarray(y, float)
    n = int(X.shape[0])
    weight = float(scale) if isinstance(n, int) and isinstance(scale, float) else 0.0
    return np.sum(levels * w**2) + weight * np.sum((X @ w - y) ** 2) / float(n)


def by_helpers(params, X, y):
    w, b = params[: X.shape[1]], params[X.shape[1]]
    probs = _probabilities(X, w, b)
    return _entropy(y, probs) + _penalty(w, 0.1)


def _probabilities(X, w, b):
    return 1 / (1 + np.exp(-(X @ w + b)))


def _entropy(t, p):
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def _penalty(v, lam):
    return lam * np.sum(v**2)


LOSSES = {
    typed: "X=n,d w=d y=n d=3",
    by_helpers: ("X=n,d y=n", "w=d, b"),
    least_squares: "X=n,d w=d y=n",
    ridge: "X=n,d w=d y=n",
    ols_by_hand: ("x=n y=n", "m, c"),
    lasso: "X=n,d w=d y=n",
    elastic_net: "X=n,d w=d y=n",
    logistic_naive: "X=n,d w=d, y=n in {0, 1}",
    logistic_stable: "X=n,d w=d y=n",
    cross_entropy: ("X=n,d y=n", "b, w=d"),
    clipped_cross_entropy: "X=n,d w=d, y=n in {0, 1}",
    margin_logistic: "X=n,d w=d, y=n in {-1, 1}",
    probit: "X=n,d w=d, y=n in {0, 1}",
    hinge: "X=n,d w=d, y=n in {-1, 1}",
    squared_hinge: "X=n,d w=d, y=n in {-1, 1}",
    huber: "X=n,d w=d y=n",
    scipy_huber: "X=n,d w=d y=n",
    tukey: "X=n,d w=d y=n",
    pseudo_huber: "X=n,d w=d y=n",
    log_cosh: "X=n,d w=d y=n",
    pinball: "y=n q=levels levels=3",
    poisson: "X=n,d w=d, y=n in counts",
    poisson_with_exposure: "X=n,d w=d, y=n in counts, exposure=n > 0",
    negative_binomial: "X=n,d w=d, y=n in counts, r > 0",
    gamma_regression: "X=n,d w=d, y=n > 0, k > 0",
    beta_regression: "X=n,d w=d, y=n in (0, 1), phi > 0",
    gaussian_nll: "x=n",
    normal_by_math: "x=n, sigma > 0",
    student_t: "X=n,d w=d, y=n, s > 0",
    weibull: "t=n > 0, event=n in {0, 1}, k > 0, lam > 0",
    softmax_one_hot: "X=n,d W=d,k b=k y=n",
    softmax_logsumexp: "X=n,d W=d,k y=n",
    softmax_targets: "X=n,d W=d,k Y=n,k",
    softmax_eye: "X=n,d W=d,k y=n",
    softmax_compared: "X=n,d W=d,k y=n k=4",
    factorisation: "U=users,f V=items,f user=n item=n r=n f=2",
    biased_factorisation: "U=users,f V=items,f bu=users bi=items user=n item=n r=n f=2",
    whole_factorisation: ("R=n,m mask=n,m U=n,f V=m,f f=2", "U, V"),
    random_effects: "X=n,d w=d u=g group=n y=n",
    bradley_terry: "s=teams winner=n loser=n",
    table_of_effects: "T=rows,columns row=n column=n y=n",
    two_layers: "X=n,d W1=d,h b1=h W2=h y=n h=3",
    relu_classifier: "X=n,d W1=d,h b1=h W2=h,k b2=k y=n h=4",
    flat_network: ("X=n,d y=n h=3", "W1=d,h, b1=h, w2=h, b2"),
    autoencoder: ("X=n,d W=d,k k=2", None),
    gaussian_process: "X=n,d, y=n, ell > 0, sf > 0, sn > 0",
    gaussian_process_scipy: ("x=n,d y=n", "log_ell, log_noise"),
    gaussian_process_slogdet: "X=n,d, y=n, ell > 0, noise > 0",
    whitened: "X=n,d, y=n, ell > 0",
    multivariate_normal: ("X=n,d mu=d S=d,d", "mu"),
    mahalanobis: ("X=n,d mu=d P=d,d", "mu"),
    mixture: "x=n logits=k mu=k log_s=k k=3",
    mixture_by_max: "x=n, weight=k in simplex[k] and > 0, mu=k, k=3",
    k_means: "X=n,d C=k,d k=3",
    portfolio: ("w=d mu=d Sigma=d,d", "w"),
    rosenbrock: "x=k k=2",
    unrolled: "w=k y=n k=3",
    intercept_column: ("X=n,d y=n", "b, w=d"),
    standardised: "X=n,d w=d y=n",
    explained_variance: "X=n,d w=d y=n",
    focal: "X=n,d w=d, y=n in {0, 1}",
    contrastive: "A=n,d B=n,d W=d,k k=2",
    smoothness: ("f=n y=n L=n,n", "f"),
    cox_free: "X=n,d, w=d, time=n > 0, event=n in {0, 1}",
    mask_assigned: "X=n,d w=d y=n",
    von_mises: "x=n",
    entropy_of_shares: ("p=k in simplex[k] and > 0, q=k > 0", "p"),
    asserted: "X=n,d w=d y=n",
    with_helper: "X=n,d w=d y=n",
    class_style: ("X=n,d theta=d, y=n in {0, 1}", None),
    column_vectors2: ("X=d,n w=d,1 y=1,n", "w, b"),
    column_vectors: ("X=n,d w=d,1 y=n,1", "w"),
    deep: ("X=d,n W1=h,d b1=h W2=g,h b2=g W3=k,g b3=k Y=k,n h=3 g=2", "W1,b1"),
    full_mixture: ("x=n,d, mu=k,d, w=k in simplex[k] and > 0, P=d,d, k=3", "mu, w"),
    mixture_by_a_loop: ("x=n, pi=k > 0, mu=k, sigma=k > 0, k=3", None),
    pca: ("X=n,d W=d,k k=2", None),
    svm_primal: ("X=n,d w=d, y=n in {-1, 1}", None),
    multiclass_hinge: ("X=n,d W=d,k y=n", None),
    ar1: ("y=n ylag=n", None),
    garch: ("r=n, omega > 0", None),
    neg_sharpe: ("R=t,a w=a", "w"),
    neg_sharpe_ddof: ("R=t,a w=a", "w"),
    tv: ("x=n y=n", "x"),
    kernel_ridge: ("alpha=n K=n,n y=n", "alpha"),
    rbf_features: ("x=n y=n c=k a=k k=3", None),
    attention: ("Q=n,d K=m,d V=m,v T=n,v d=2 m=3", "Q,K,V"),
    triplet: ("E=items,f a=n p=n n_=n f=2", None),
    word2vec: ("In=words,f Out=words,f center=n context=n negative=n f=2", None),
    kl_normal: ("mu=z logvar=z z=3", None),
    vae_like: ("mu=z logvar=z x=n,z", None),
    ordinal: ("X=n,d beta=d theta=k y=n", None),
    zip_poisson: ("X=n,d w=d, p in (0, 1), y=n in counts", None),
    tobit: ("X=n,d w=d, s > 0, y=n", None),
    logit_panel: ("X=n,k,d beta=d choice=n", None),
    logdet_cov: ("X=n,d L=d,d", "L"),
    dict_params: ("X=n,d w=d y=n", None),
    quantile_check: ("X=n,d w=d y=n", None),
    weighted: ("X=n,d w=d y=n wt=n", None),
    polynomial: ("x=n y=n c=k k=3", None),
    michaelis: ("s=n > 0, v=n, Vmax > 0, Km > 0", None),
    rank_listnet: ("X=n,d w=d q=n", None),
    centred: ("X=n,d a=d", None),
    either_rank: ("x=n,d w=d", None),
    wgmm: ("x=n mu=k k=3", None),
    rank_one: ("X=n,d a=n b=d", "a, b"),
    inner_ridge: ("A=n,d b=n", "b"),
    ica: ("X=n,d W=d,d", "W"),
    by_reduce: ("X=n,d w=d y=n", None),
    by_logaddexp: ("X=n,d W=d,k y=n", None),
    mean_abs: ("X=n,d w=d y=n", None),
    power_law: ("x=n > 0, y=n", None),
    norms_of_rows: ("W=k,d k=3 d=2", None),
    take_along: ("X=n,d W=d,k y=n", None),
    taken: ("u=k g=n y=n", None),
}
