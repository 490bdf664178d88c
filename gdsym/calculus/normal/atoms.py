"""What formulas in normal form are made of: indices, atoms, and polynomials in atoms.

An atom is a scalar that the normal form treats as a variable: an entry of a leaf at its indices,
the exponential of a monomial, the logarithm or a power of a polynomial, an indicator, a sum that
stands where polynomials do not reach. A monomial is a product of atoms to rational powers, a
polynomial a sum of monomials with rational coefficients. An index of the kind `x` in a monomial is
summed over: every monomial is a whole contraction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, permutations, product
from math import factorial, prod
from typing import Any, NamedTuple

# A power or a coefficient; whole ones are ints, which are many times quicker.
Rational = int | Fraction
Monomial = tuple[tuple[int, Rational], ...]  # (id of the atom, power), by id
Poly = dict[Monomial, Rational]
Items = tuple[tuple[Monomial, Rational], ...]  # a polynomial as a key

ONE: Monomial = ()

# Dummies of one monomial are numbered in the least of all orders, up to this many orders.
MOST_ORDERS = 720
# More indices of one dimension than this are not bound in one atom.
BOUND = 64


class Index(NamedTuple):
    """`kind` f: a free axis; x: summed over in this monomial; b: bound in an atom; t: for a
    moment; c: the code that the atom `number` has (a category, a label, an argmax)."""

    kind: str
    dim: str
    number: int


@dataclass(frozen=True, eq=False, slots=True)
class Atom:
    """`direct` are the indices it reads, without those bound in it; `indices` adds those that the
    codes among them read. `height`: how deep bounds nest."""

    id: int
    kind: str
    payload: tuple[Any, ...]
    direct: frozenset[Index]
    indices: frozenset[Index]
    dummies: frozenset[Index]
    height: int


def whole(value: Rational) -> Rational:
    """A rational number, as an int where it is one."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def items(poly: Poly) -> Items:
    return tuple(sorted(poly.items()))


@dataclass(slots=True)
class Table:
    """Makes atoms, each distinct one once, and renames their indices."""

    atoms: list[Atom] = field(default_factory=list)
    _made: dict[Any, Atom] = field(default_factory=dict)
    _renamed: dict[Any, int] = field(default_factory=dict)
    _labelled: dict[Monomial, Monomial] = field(default_factory=dict)
    _shapes: set[Monomial] = field(default_factory=set)

    def make(
        self, kind: str, payload: tuple[Any, ...], direct: frozenset[Index], height: int = 0
    ) -> int:
        atom = self._made.get((kind, payload))
        if atom is None:
            indices = set(direct)
            for index in direct:
                if index.kind == "c":
                    code = self.atoms[index.number]
                    indices |= code.indices
                    height = max(height, code.height)
            dummies = frozenset(index for index in indices if index.kind == "x")
            atom = Atom(
                len(self.atoms), kind, payload, direct, frozenset(indices), dummies, height
            )
            self._made[kind, payload] = atom
            self.atoms.append(atom)
        return atom.id

    def free(self, monomial: Monomial, bound: Sequence[Index]) -> frozenset[Index]:
        """The indices that a monomial reads, but for those bound and codes that read these."""
        inside = {i for atom, _ in monomial for i in self.atoms[atom].indices}
        return frozenset(
            index
            for index in inside - set(bound)
            if index.kind != "c" or self.atoms[index.number].indices.isdisjoint(bound)
        )

    def dummies(self, monomial: Monomial) -> list[Index]:
        """In a fixed order."""
        return sorted({i for atom, _ in monomial for i in self.atoms[atom].dummies})

    def height(self, monomial: Monomial) -> int:
        return max((self.atoms[atom].height for atom, _ in monomial), default=0)

    # -- renaming: one to one, so that nothing collapses

    def renamed(self, monomial: Monomial, at: Mapping[Index, Index]) -> Monomial:
        """The monomial with other indices. `at` must be one to one and make no two equal."""
        if not at:
            return monomial
        return tuple(sorted((self.renamed_atom(atom, at), power) for atom, power in monomial))

    def renamed_atom(self, atom: int, at: Mapping[Index, Index]) -> int:
        old = self.atoms[atom]
        touched = {i: at[i] for i in old.indices if i in at}
        if not touched:
            return atom
        key = (atom, tuple(sorted(touched.items())))
        found = self._renamed.get(key)
        if found is None:
            payload = tuple(self._part(part, touched) for part in old.payload)
            if old.kind == "sum":
                body, bound = payload
                payload = (Product(self._least(tuple(body), bound)), bound)
            if old.kind in ("delta", "symmetric"):
                payload = (*payload[:-1], ordered(*payload[-1]))
            direct = frozenset(self.renamed_index(i, touched) for i in old.direct)
            found = self.make(old.kind, payload, direct, old.height)
            self._renamed[key] = found
        return found

    def renamed_index(self, index: Index, at: Mapping[Index, Index]) -> Index:
        if index in at:
            return at[index]
        if index.kind == "c":
            return index._replace(number=self.renamed_atom(index.number, at))
        return index

    def _part(self, part: Any, at: Mapping[Index, Index]) -> Any:
        if isinstance(part, Index):
            return self.renamed_index(part, at)
        if isinstance(part, Indices):
            return Indices(self.renamed_index(i, at) for i in part)
        if isinstance(part, Product):
            return Product(self.renamed(tuple(part), at))
        if isinstance(part, Sum):
            return Sum(sorted((self.renamed(m, at), c) for m, c in part))
        return part

    # -- sums, whatever their bound indices are called

    def labelled(self, monomial: Monomial) -> Monomial:
        """The monomial with its dummies numbered from 0, the same for every naming of them."""
        found = self._labelled.get(monomial)
        if found is None:
            dummies = self.dummies(monomial)
            found = self._least(monomial, dummies, _numbers(dummies, "x", 0))
            self._labelled[monomial] = found
        return found

    def sum(self, monomial: Monomial, over: Sequence[Index]) -> int:
        """The sum of a monomial over some indices as an atom."""
        height = self.height(monomial) + 1
        over = sorted(over)
        bound = _numbers(over, "b", height * BOUND)
        body = self._least(monomial, over, bound)
        self._shapes.add(self.shape(monomial, over))
        return self.make("sum", (Product(body), Indices(bound)), self.free(body, bound), height)

    def known_sum(self, monomial: Monomial, over: Sequence[Index]) -> bool:
        """True where such a sum, at these or other indices, is an atom somewhere."""
        return self.shape(monomial, sorted(over)) in self._shapes

    def shape(self, monomial: Monomial, over: Sequence[Index]) -> Monomial:
        """What is summed, whatever its indices are called."""
        inside = {i for atom, _ in monomial for i in self.atoms[atom].indices}
        at = {
            index: Index("t", "", -1)
            for index in inside.difference(over)
            if index.kind != "c" or self.atoms[index.number].indices.isdisjoint(over)
        }
        return self._least(self.renamed(monomial, at), over, _numbers(over, "b", 0))

    def _least(
        self, monomial: Monomial, old: Sequence[Index], new: Sequence[Index] | None = None
    ) -> Monomial:
        """The least of all ways to name the indices `old` by those of `new`, dimension by
        dimension; both are sorted."""
        new = old if new is None else new
        groups = [list(group) for _, group in groupby(old, key=lambda index: index.dim)]
        orders = prod(factorial(len(group)) for group in groups)
        choices = [permutations(g) if orders <= MOST_ORDERS else [tuple(g)] for g in groups]

        def named(order: tuple[tuple[Index, ...], ...]) -> Monomial:
            at = dict(zip((index for group in order for index in group), new, strict=True))
            return self.renamed(monomial, {a: b for a, b in at.items() if a != b})

        return min(named(order) for order in product(*choices))


def _numbers(old: Sequence[Index], kind: str, first: int) -> list[Index]:
    """As many indices of the same dimensions, numbered from `first` in each."""
    groups = [list(group) for _, group in groupby(old, key=lambda index: index.dim)]
    return [
        Index(kind, index.dim, first + place)
        for group in groups
        for place, index in enumerate(group)
    ]


class Indices(tuple[Index, ...]):
    """Indices in the payload of an atom."""


def ordered(a: Index, b: Index) -> Indices:
    """Two equal indices: the one that is kept, which is no code if need be, then the other."""
    return Indices(sorted((a, b), key=lambda index: (index.kind == "c", index)))


class Product(tuple[tuple[int, Rational], ...]):
    """A monomial in the payload of an atom."""


class Sum(tuple[tuple[Monomial, Rational], ...]):
    """A polynomial in the payload of an atom."""
