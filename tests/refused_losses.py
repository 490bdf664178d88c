"""Functions that are no formula, or that `gdsym trace` does not understand, each with its call."""

import math
import random
import sys

import numpy as np

CALLS = {"count": 0}
WEIGHTS = np.linspace(0, 1, 100)
rng = np.random.default_rng(0)


def a_branch(w, X, y):
    r = X @ w - y
    if np.sum(r) > 0:
        return np.sum(r**2)
    return np.sum(np.abs(r))


def a_conditional_expression(w, X, y, delta=1.0):
    r = X @ w - y
    return np.sum(r**2) if delta > 0 else np.sum(np.abs(r))


def a_while_loop(w):
    s = w @ w
    while s > 1:
        s = s / 2
    return s


def an_assertion(w, X, y):
    z = X @ w
    assert (z > 0).all()
    return z.mean() - y.mean()


def a_comparison_in_a_chain(w, y):
    return np.sum(w) + np.sum(0 < y < 1)


def a_membership(w, y):
    return w @ w if 3 in y else np.sum(np.abs(w))


def a_loop_over_rows(w, X, y):
    total = 0
    for i in range(len(y)):
        total += (y[i] - X[i] @ w) ** 2
    return total


def a_loop_over_entries(w, y):
    return sum(x**2 for x in w) + y.mean()


def a_zip(w, X, y):
    return np.sum([(b - a @ w) ** 2 for a, b in zip(X, y, strict=True)])


def an_entry(w, X, y):
    return np.sum((X @ w - y) ** 2) + w[0] ** 2


def a_slice(w, X, y):
    return np.sum((X @ w - y) ** 2) + np.sum(w[1:] ** 2)


def a_step(w, y):
    return np.sum(y[::2]) * np.sum(w)


def a_mask(w, X, y):
    r = X @ w - y
    return np.sum(r[r > 0])


def a_list_as_index(w, y):
    return np.sum(w[[0, 2]]) + y.mean()


def a_computed_index(W, X, y):
    return -np.mean((X @ W)[np.arange(len(y)), y - 1])


def an_index_as_number(u, g, y):
    return np.sum((y - u[g] * g) ** 2)


def an_index_of_two(u, v, g, y):
    return np.sum((y - u[g] - v[g]) ** 2)


def an_assigned_entry(w, y):
    r = y * np.sum(w)
    r[0] = 0
    return r.sum()


def an_array_that_is_filled(w, y):
    out = np.zeros(3)
    out[1] = w @ w
    return out.sum() + y.mean()


def a_float(w, y):
    return math.floor(w @ w) + y.mean()


def an_item(w, y):
    return int(np.sum(w)) + y.mean()


def a_round(w, X, y):
    return np.mean(np.round(X @ w) == y)


def a_remainder(w, y):
    return np.sum(w % 1) + y.mean()


def a_sort(w, X, y):
    return np.sum(np.sort((X @ w - y) ** 2)[:5])


def a_median(w, X, y):
    return np.median(np.abs(X @ w - y))


def a_cumulative_sum(w, y):
    return np.sum(np.cumsum(y)) * np.sum(w)


def an_argmax(W, X, y):
    return np.mean(np.argmax(X @ W, axis=1) != y)


def eigenvalues(S, y):
    return np.linalg.eigvalsh(S).sum() + y.mean()


def a_factor(S, y):
    return np.linalg.cholesky(S).sum() + y.mean()


def random_numbers(w, X, y):
    return np.sum((X @ w - y) ** 2) + random.random()


def a_sample_of_rows(w, X, y):
    keep = rng.random(len(y)) < 0.5
    return np.sum(keep * (X @ w - y) ** 2)


def a_counter(w, y):
    CALLS["count"] += 1
    return CALLS["count"] * np.sum(w**2) + y.mean()


def weights_of_the_module(w, y):
    return np.sum(WEIGHTS) + np.sum(np.outer(WEIGHTS, w)) + y.mean()


def a_product_that_does_not_fit(w, X, y):
    return np.sum((w @ X - y) ** 2)


def a_sum_that_does_not_fit(w, X, y):
    return np.sum((X + y) ** 2) + w @ w


def an_array(w, X, y):
    return (X @ w - y) ** 2


def nothing(w, X, y):
    np.sum((X @ w - y) ** 2)


def a_constant(w, X, y):
    return 3.5


def a_text(w, X, y):
    return "loss"


def it_raises(w, X, y):
    raise KeyError("a secret")


def it_exits(w, X, y):
    sys.exit(3)


def it_catches_everything(w, y):
    try:
        if w.sum() > 0:
            return w.sum()
    except Exception:
        pass
    return np.sum(w**2) + y.mean()


def positions(w, y):
    return np.sum(np.arange(len(y)) * y) * np.sum(w)


def complex_numbers(w, y):
    return np.sum(np.abs(w * 1j)) + y.mean()


def another_norm(W, y):
    return np.linalg.norm(W, 2) + y.mean()


def a_library(w, X, y):
    return np.polynomial.polynomial.polyval(2.0, w) + np.interp(y, y, y).sum()


def it_shares_memory(w, y):
    r = y * np.sum(w)
    part = r.reshape(-1)
    part += 1
    return np.sum(r**2)


def it_depends_on_the_size(w, X, y):
    if len(y) > 20:
        return np.mean((X @ w - y) ** 2)
    return np.mean(np.abs(X @ w - y))


def it_changes_its_argument(w, X, y):
    y -= X @ w
    return y @ y


def it_is_never_a_number(w, y):
    return np.sum(np.log(-np.exp(w))) + y.mean()


def any_arguments(*arguments):
    return 0


X = "X=n,d y=n w=d"
REFUSED = {
    a_branch: X,
    a_conditional_expression: X,
    a_while_loop: "w=d d=3",
    an_assertion: X,
    a_comparison_in_a_chain: "y=n w=d d=3",
    a_membership: "y=n w=d d=3",
    a_loop_over_rows: X,
    a_loop_over_entries: "y=n,d w=d",
    a_zip: X,
    an_entry: X,
    a_slice: X,
    a_step: "y=n w=d d=3",
    a_mask: X,
    a_list_as_index: "y=n w=d d=3",
    a_computed_index: "X=n,d W=d,k y=n k=3",
    an_index_as_number: "u=k g=n y=n",
    an_index_of_two: "u=k v=l g=n y=n",
    an_assigned_entry: "y=n w=d d=3",
    an_array_that_is_filled: "y=n w=d d=3",
    a_float: "y=n w=d d=3",
    an_item: "y=n w=d d=3",
    a_round: X,
    a_remainder: "y=n w=d d=3",
    a_sort: X,
    a_median: X,
    a_cumulative_sum: "y=n w=d d=3",
    an_argmax: "X=n,d W=d,k y=n",
    eigenvalues: "y=n S=d,d d=3",
    a_factor: "y=n S=d,d d=3",
    random_numbers: X,
    a_sample_of_rows: X,
    a_counter: "y=n w=d d=3",
    weights_of_the_module: "y=n w=d d=3",
    a_product_that_does_not_fit: X,
    a_sum_that_does_not_fit: X,
    an_array: X,
    nothing: X,
    a_constant: X,
    a_text: X,
    it_raises: X,
    it_exits: X,
    it_catches_everything: "y=n w=d d=3",
    positions: "y=n w=d d=3",
    complex_numbers: "y=n w=d d=3",
    another_norm: "y=n W=d,k d=3 k=2",
    a_library: X,
    it_shares_memory: "y=n w=d d=3",
    it_depends_on_the_size: X,
    it_changes_its_argument: X,
    it_is_never_a_number: "y=n w=d d=3",
    any_arguments: "",
}
