"""What a module does beyond computing its formulas as they stand; each can be left out.

For finding out what one is worth, and whether a digit comes from it: `gdsym compile --without`.
"""

from __future__ import annotations

from collections.abc import Collection

from gdsym.errors import UsageError, did_you_mean

OPTIMISATIONS = {
    "buffers": "steps write into arrays that a worker keeps from block to block",
    "guards": "one exponential for log(1 + exp(x)) and its derivatives where no x is too large",
    "dots": "sums over rows of a product are dot products",
    "once": "functions of a row's data alone are computed once for a fit",
    "sparse": "sums by code of what is read at codes are products of sparse matrices",
    "symmetry": "a product of a matrix with itself is computed by half",
    "blocks": "rows are worked through in blocks that stay in a core's cache",
}


def checked(without: Collection[str]) -> frozenset[str]:
    """The names as a set; UsageError where one is none of them."""
    for name in without:
        if name not in OPTIMISATIONS:
            known = ", ".join(OPTIMISATIONS)
            mend = did_you_mean(name, OPTIMISATIONS) or f"the optimisations are {known}"
            raise UsageError(f"there is no optimisation `{name}`\nhelp: {mend}")
    return frozenset(without)
