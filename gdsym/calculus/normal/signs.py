"""Between which numbers a polynomial in atoms lies, as far as declared domains say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from gdsym.calculus.normal.atoms import Atom, Items, Monomial, Poly, Rational, Table
from gdsym.language.model import Const, Data, Domain, Model, Param
from gdsym.language.model import Number as Literal

Bound = Fraction | int | float  # a float only where it is infinite


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers between; `open` ends do not belong to it."""

    lower: Bound = -inf
    upper: Bound = inf
    lower_open: bool = False
    upper_open: bool = False

    @property
    def positive(self) -> bool:
        return self.lower > 0 or (self.lower == 0 and self.lower_open)

    @property
    def nonnegative(self) -> bool:
        return self.lower >= 0

    @property
    def negative(self) -> bool:
        return self.upper < 0 or (self.upper == 0 and self.upper_open)

    @property
    def nonpositive(self) -> bool:
        return self.upper <= 0


ANY = Range()
ABOVE = Range(0, inf, True)  # above 0
UP = Range(0, inf)
UNIT = Range(0, 1)
INSIDE = Range(0, 1, True, True)

# What functions that the normal form knows nothing else of always lie between.
CALLS = {"normal_cdf": INSIDE, "trigamma": ABOVE, "root": UP}


@dataclass(slots=True)
class Signs:
    """Ranges of atoms, found once. `assumed` are polynomials that are above 0 by assumption."""

    table: Table
    domains: Mapping[str, Domain]
    consts: Mapping[str, Range]
    assumed: set[Items]
    _found: dict[int, Range]
    case: frozenset[Items] = frozenset()  # more of these, in the case at hand

    def of(self, poly: Poly) -> Range:
        """The range of a polynomial, by interval arithmetic on its monomials."""
        total = Range(0, 0)
        for monomial, coefficient in poly.items():
            total = _sum(total, _scaled(self._monomial(monomial), coefficient))
        if len(poly) > 1 and not (total.positive or total.negative):
            if tuple(sorted(poly.items())) in self.assumed:
                return ABOVE
            if tuple(sorted((m, -c) for m, c in poly.items())) in self.assumed:
                return Range(-inf, 0, False, True)
        return self._of_case(poly, total) if self.case else total

    def _of_case(self, poly: Poly, otherwise: Range) -> Range:
        if tuple(sorted(poly.items())) in self.case:
            return ABOVE
        if tuple(sorted((m, -c) for m, c in poly.items())) in self.case:
            return Range(-inf, 0, False, True)
        return otherwise

    def _monomial(self, monomial: Monomial) -> Range:
        total = Range(1, 1)
        for atom, power in monomial:
            total = _product(total, _power(self.atom(atom), power))
        return total

    def atom(self, atom: int) -> Range:
        if self.case:
            return self._of_atom(self.table.atoms[atom])
        found = self._found.get(atom)
        if found is None:
            self._found[atom] = ANY  # while it is looked at
            found = self._found[atom] = self._of_atom(self.table.atoms[atom])
        return found

    def _of_atom(self, atom: Atom) -> Range:
        match atom.kind:
            case "prime":
                return Range(atom.payload[0], atom.payload[0])
            case "leaf":
                leaf = self._leaf(*atom.payload[:2])
                return self._of_case({((atom.id, 1),): 1}, leaf) if self.case else leaf
            case "hit" | "delta" | "above" | "null":
                return UNIT
            case "exp" if not self._imaginary(atom.payload[0]):
                return ABOVE
            case "log":
                terms = dict(atom.payload[0])
                terms[()] = terms.get((), 0) - 1
                above_one = self.of({m: c for m, c in terms.items() if c})
                return Range(0, inf, above_one.positive) if above_one.nonnegative else ANY
            case "base":
                return self.of(dict(atom.payload[0]))
            case "sum":
                return _many(self._monomial(tuple(atom.payload[0])))
            case "max":
                return self.of(dict(atom.payload[0]))
            case "call":
                return CALLS.get(atom.payload[0], ANY)
        return ANY

    def _leaf(self, kind: str, name: str) -> Range:
        match kind:
            case "size":
                return Range(1, inf)
            case "constant" if name == "pi":
                return Range(Fraction(3), Fraction(4))
            case "label":
                return UP
            case "data" | "param" | "const":
                domain = of_domain(self.domains[name])
                return self.consts.get(name, domain) if domain == ANY else domain
        return ABOVE if kind == "stat" and name.endswith(".sd") else ANY

    def _imaginary(self, monomial: Monomial) -> bool:
        return any(self.table.atoms[atom].kind == "imaginary" for atom, _ in monomial)


def signs(model: Model, table: Table) -> Signs:
    """What a model declares. A constant without a domain keeps the sign of its value."""
    declared: list[Data | Param | Const] = [*model.data, *model.params, *model.consts]
    domains = {item.name: item.domain for item in declared}
    consts = {const.name: _of_value(const) for const in model.consts}
    return Signs(table, domains, consts, set(), {})


def of_domain(domain: Domain) -> Range:
    """What a domain allows."""
    if domain.values is not None:
        return Range(Fraction(min(domain.values)), Fraction(max(domain.values)))
    if domain.category is not None:
        return UP
    lower = domain.lower if domain.lower == -inf else Fraction(domain.lower)
    upper = domain.upper if domain.upper == inf else Fraction(domain.upper)
    return Range(lower, upper, domain.lower_open, domain.upper_open)


def _of_value(const: Const) -> Range:
    values = const.value if isinstance(const.value, tuple) else (const.value,)
    numbers = [value.value for value in values if isinstance(value, Literal)]
    if len(numbers) < len(values):
        return ANY
    if min(numbers) > 0:
        return ABOVE
    return Range(-inf, 0, False, True) if max(numbers) < 0 else ANY


# -- interval arithmetic


def _sum(a: Range, b: Range) -> Range:
    return Range(
        a.lower + b.lower,
        a.upper + b.upper,
        a.lower_open or b.lower_open,
        a.upper_open or b.upper_open,
    )


def _scaled(a: Range, factor: Rational) -> Range:
    if factor > 0:
        return Range(_times(a.lower, factor), _times(a.upper, factor), a.lower_open, a.upper_open)
    return Range(_times(a.upper, factor), _times(a.lower, factor), a.upper_open, a.lower_open)


def _times(a: Bound, b: Bound) -> Bound:
    return 0 if a == 0 or b == 0 else a * b


def _product(a: Range, b: Range) -> Range:
    if a.nonnegative and b.nonnegative:
        # The least is attained where both are; 0 times anything is attained where one 0 is.
        zero = (a.lower == 0 and not a.lower_open) or (b.lower == 0 and not b.lower_open)
        lower = _times(a.lower, b.lower)
        return Range(
            lower,
            _times(a.upper, b.upper),
            (a.lower_open or b.lower_open) and not (lower == 0 and zero),
            a.upper_open or b.upper_open,
        )
    if a.nonpositive and b.nonnegative:
        return _scaled(_product(_scaled(a, -1), b), -1)
    if b.nonpositive:
        return _scaled(_product(a, _scaled(b, -1)), -1)
    if a.lower == a.upper and isinstance(a.lower, int | Fraction):
        return _scaled(b, a.lower)
    ends = [_times(x, y) for x in (a.lower, a.upper) for y in (b.lower, b.upper)]
    return Range(min(ends), max(ends))


def _power(a: Range, power: Rational) -> Range:
    if power == 1:
        return a
    if a.nonnegative:
        if power > 0:
            whole = isinstance(power, int)
            raised = [
                end if end in (0, 1, inf) else end**power if whole else inf
                for end in (a.lower, a.upper)
            ]
            if not whole:
                raised[0] = 1 if a.lower >= 1 else 0
            return Range(raised[0], raised[1], a.lower_open or (not whole and a.positive))
        # 1/a^p; at 0 itself it is not defined.
        lower = 1 if a.upper <= 1 else 0
        return Range(lower, inf, lower == 0)
    if isinstance(power, int) and power % 2 == 0:
        return UP if power > 0 else ABOVE
    if isinstance(power, int) and a.negative:
        return Range(-inf, 0, False, True)
    return UP if not isinstance(power, int) else ANY


def _many(a: Range) -> Range:
    """The range of a sum of one or more such numbers."""
    if a.nonnegative:
        return Range(a.lower, inf, a.lower_open)
    return Range(-inf, a.upper, False, a.upper_open) if a.nonpositive else ANY
