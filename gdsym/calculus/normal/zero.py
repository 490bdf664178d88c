"""Is a polynomial in atoms 0? A proof, or no answer."""

from __future__ import annotations

from itertools import chain, combinations, permutations, product

from gdsym.calculus.normal.atoms import Index, Monomial, Poly
from gdsym.calculus.normal.field import ASIDE, Field

# Sums over more indices than this are not searched for sums that are known.
MOST_DUMMIES = 6
# A summand with more indicators than this is not split into cases.
MOST_CASES = 8
# More ways than this to exchange indices of one dimension are not averaged over.
MOST_EXCHANGES = 24


def vanishes(field: Field, poly: Poly) -> bool:
    """True where the sum is proved to be 0. Raises GivenUp when time is over."""
    if not poly:
        return True
    total: Poly = {}
    for monomial, coefficient in poly.items():
        field.into(total, absorbed(field, monomial), coefficient)
    # What cancels when a sum is taken as one may stand apart when it is not, and the reverse.
    return _vanishes(field, total) or (total != poly and _vanishes(field, poly))


def _vanishes(field: Field, poly: Poly) -> bool:
    groups: dict[tuple[str, ...], Poly] = {}
    for monomial, coefficient in poly.items():
        dims = tuple(index.dim for index in field.table.dummies(monomial))
        groups.setdefault(dims, {})[monomial] = coefficient
    left = {dims: group for dims, group in groups.items() if not _summand_vanishes(field, group)}
    return not left or _vanish_together(field, left)


def _vanish_together(field: Field, groups: dict[tuple[str, ...], Poly]) -> bool:
    """True where sums over different dimensions cancel: 1 is the sum over n of 1/n."""
    largest = max(groups, key=len)
    total: Poly = {}
    for dims, group in groups.items():
        missing = list(largest)
        for dim in dims:
            if dim not in missing:
                return False
            missing.remove(dim)
        shares = [field.power(field.size(dim), -1) for dim in missing]
        for share in shares:
            group = field.pointwise(group, share)
        field.into(total, group)
    return len(groups) > 1 and _summand_vanishes(field, total)


def absorbed(field: Field, monomial: Monomial) -> Poly:
    """The contraction with those sums inside it replaced that are atoms elsewhere, or known."""
    table = field.table
    dummies = table.dummies(monomial)
    if not 0 < len(dummies) <= MOST_DUMMIES:
        return {monomial: 1}
    for count in range(len(dummies), 0, -1):
        for chosen in combinations(dummies, count):
            inside = tuple(f for f in monomial if not table.atoms[f[0]].dummies.isdisjoint(chosen))
            found = _known(field, inside, chosen)
            if found is None:
                continue
            rest = tuple(factor for factor in monomial if factor not in inside)
            others = table.renamed(monomial, {i: i._replace(kind="t") for i in chosen})
            total: Poly = {}
            for made, coefficient in field.kept(others, field.pointwise({rest: 1}, found)).items():
                for labelled, share in absorbed(field, table.labelled(made)).items():
                    field.into(total, {labelled: share}, coefficient)
            return total
    return {monomial: 1}


def _known(field: Field, inside: Monomial, chosen: tuple[Index, ...]) -> Poly | None:
    """The sum over some dummies of the factors that read them, where it is known."""
    known = field.known_total(inside, chosen)
    if known is None and field.table.known_sum(inside, chosen):
        return field.total(inside, chosen)
    return known


def _summand_vanishes(field: Field, poly: Poly) -> bool:
    """True where what is summed is 0 at every index, or on average over their exchanges."""
    if _pointwise_zero(field, poly):
        return True
    exchanges = _exchanges(field, poly)
    if len(exchanges) < 2:
        return False
    total: Poly = {}
    for at in exchanges:
        for monomial, coefficient in poly.items():
            field.into(total, {field.table.renamed(monomial, at): coefficient})
    return _pointwise_zero(field, total)


def _exchanges(field: Field, poly: Poly) -> list[dict[Index, Index]]:
    by_dim: dict[str, list[Index]] = {}
    for index in max(map(field.table.dummies, poly), key=len):
        by_dim.setdefault(index.dim, []).append(index)
    groups = list(by_dim.values())
    found = []
    for choice in product(*map(permutations, groups)):
        at = dict(zip(chain(*groups), chain(*choice), strict=True))
        found.append({a: b for a, b in at.items() if a != b})
        if len(found) > MOST_EXCHANGES:
            return []
    return found


def _pointwise_zero(field: Field, poly: Poly) -> bool:
    # What was summed over is any one index from here on; functions would sum over dummies.
    dummies = {index for monomial in poly for index in field.table.dummies(monomial)}
    at = {index: index._replace(kind="t", number=index.number + ASIDE) for index in dummies}
    poly = {field.table.renamed(monomial, at): c for monomial, c in poly.items()}
    above, _ = field.fraction(poly)
    if not above:
        return True
    indicators = field.indicators(above)
    if not 0 < len(indicators) <= MOST_CASES:
        return False
    return _zero_by_cases(field, above, indicators, [])


def _zero_by_cases(field: Field, poly: Poly, indicators: list[int], above: list[Poly]) -> bool:
    """True where the polynomial is 0 in every case of its indicators that can be.

    `above` are polynomials that are above 0, or at least 0, in the case at hand.
    """
    if not poly or _contradiction(field, above):
        return True
    if not indicators:
        return False
    first, *rest = indicators
    atom = field.table.atoms[first]
    for value in (1, 0):
        chosen = field.decided(poly, first, value)
        facts = above
        if atom.kind == "above":
            terms = dict(atom.payload[0])
            facts = [*above, terms if value else field.scale(-1, terms)]
        if not _zero_by_cases(field, chosen, rest, facts):
            return False
    return True


def _contradiction(field: Field, above: list[Poly]) -> bool:
    """True where two polynomials cannot both be above 0: their sum is below it."""
    if not above:
        return False
    *others, last = above
    sums = [last, *(field.add(other, last) for other in others)]
    return any(not total or field.signs.of(total).nonpositive for total in sums)
