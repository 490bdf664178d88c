"""Sums and products in normal form: what multiplies out, what cancels, what a delta renames.

A product is settled as it is made: whole powers of numbers become coefficients, a power of a
polynomial that has become whole is multiplied out, an indicator is its own square, indicators that
exclude each other give 0, and next to `[y = k]` whatever reads the code y reads k.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from time import monotonic

from gdsym.calculus.normal.atoms import (
    ONE,
    Index,
    Items,
    Monomial,
    Poly,
    Rational,
    Table,
    ordered,
    whole,
)

# Atoms that are 0 or 1. `hit`: a datum has one of its finitely many values; `delta`: two indices
# are equal; `above`: a polynomial is above 0; `null`: it is 0.
INDICATORS = frozenset(("hit", "delta", "above", "null"))

# A polynomial of more terms than this is given up, and so is work beyond the deadline.
MOST_TERMS = 20_000


class GivenUp(Exception):
    """The normal form is too large, takes too long, or does not know a kind of node."""


@dataclass(slots=True)
class Ring(ABC):
    """Polynomials in atoms. `sizes` names the dimension whose size an alias has, and what is
    subtracted from it."""

    deadline: float
    table: Table = field(default_factory=Table)
    _ticks: int = 0

    def tick(self) -> None:
        """Raises GivenUp when time is over."""
        self._ticks += 1
        if self._ticks % 256 == 0 and monotonic() > self.deadline:
            raise GivenUp("the time for a proof is over")

    @abstractmethod
    def again(self, atom: int, power: Rational, at: Mapping[Index, Index]) -> Poly:
        """A power of an atom made again with other indices, two of which become one."""

    @abstractmethod
    def size(self, dim: str) -> Poly:
        """The size of a dimension."""

    @abstractmethod
    def known_total(self, monomial: Monomial, over: Sequence[Index]) -> Poly | None:
        """The sum of a monomial over indices where it is known from what is declared."""

    # -- sums

    def number(self, value: Rational) -> Poly:
        return {ONE: whole(value)} if value else {}

    def of(self, atom: int, power: Rational = 1) -> Poly:
        return self.settled({atom: power})

    def add(self, *polys: Poly) -> Poly:
        total: Poly = {}
        for poly in polys:
            self.into(total, poly)
        return total

    def into(self, total: Poly, poly: Poly, factor: Rational = 1) -> None:
        """Adds factor times poly to total, in place."""
        for monomial, coefficient in poly.items():
            value = whole(total.get(monomial, 0) + coefficient * factor)
            if value:
                total[monomial] = value
            else:
                total.pop(monomial, None)
        if len(total) > MOST_TERMS:
            raise GivenUp("the expanded formula has too many terms")

    def scale(self, factor: Rational, poly: Poly) -> Poly:
        return {m: whole(c * factor) for m, c in poly.items()} if factor else {}

    def minus(self, a: Poly, b: Poly) -> Poly:
        total = dict(a)
        self.into(total, b, -1)
        return total

    # -- products

    def times(self, *polys: Poly) -> Poly:
        """The product of contractions: each keeps dummies of its own."""
        result = self.number(1)
        for poly in sorted(polys, key=len):
            result = self._times(result, poly)
        return result

    def _times(self, a: Poly, b: Poly) -> Poly:
        total: Poly = {}
        for first, c in a.items():
            taken = self.table.dummies(first)
            for second, d in b.items():
                apart = self._apart(second, taken) if taken else second
                product = self.joined(first, apart, c * d)
                if taken or self.table.dummies(second):
                    product = self._labelled(product)
                self.into(total, product)
        return total

    def _apart(self, monomial: Monomial, taken: Collection[Index]) -> Monomial:
        """The monomial with dummies of other numbers than those taken."""
        first = 1 + max(index.number for index in taken)
        at = {i: i._replace(number=i.number + first) for i in self.table.dummies(monomial)}
        return self.table.renamed(monomial, at)

    def _labelled(self, poly: Poly) -> Poly:
        total: Poly = {}
        for monomial, coefficient in poly.items():
            self.into(total, {self.table.labelled(monomial): coefficient})
        return total

    def pointwise(self, a: Poly, b: Poly) -> Poly:
        """The product of summands: dummies of one name are one index."""
        total: Poly = {}
        for first, c in a.items():
            for second, d in b.items():
                self.into(total, self.joined(first, second, c * d))
        return total

    def joined(self, a: Monomial, b: Monomial, coefficient: Rational) -> Poly:
        """coefficient times the product of two monomials."""
        self.tick()
        if not a or not b:
            return {a or b: whole(coefficient)}
        powers = dict(a)
        for atom, power in b:
            powers[atom] = powers.get(atom, 0) + power
        return self.settled(powers, coefficient)

    def settled(self, powers: Mapping[int, Rational], coefficient: Rational = 1) -> Poly:
        """coefficient times a product of powers of atoms."""
        kept: list[tuple[int, Rational]] = []
        expanded: list[tuple[Items, int]] = []
        indicators = False
        for atom in sorted(powers):
            power, made = whole(powers[atom]), self.table.atoms[atom]
            if power == 0:
                continue
            match made.kind:
                case "prime":
                    coefficient *= Fraction(made.payload[0]) ** floor(power)
                    power = whole(power - floor(power))
                case "imaginary":
                    assert isinstance(power, int)
                    coefficient *= -1 if power % 4 in (2, 3) else 1
                    power %= 2
                case "base" if power > 0:
                    if floor(power):
                        expanded.append((made.payload[0], floor(power)))
                    power = whole(power - floor(power))
                case kind if kind in INDICATORS:
                    power, indicators = 1, True
            if power:
                kept.append((atom, power))
        result: Poly = {tuple(kept): whole(coefficient)}
        if indicators:
            result = self._decided(tuple(kept), coefficient)
        for factor, count in expanded:
            for _ in range(count):
                result = self.pointwise(result, dict(factor))
        return result

    def _decided(self, monomial: Monomial, coefficient: Rational) -> Poly:
        """A monomial with indicators: 0 where two exclude each other, equal indices made one."""
        atoms = self.table.atoms
        signs: set[object] = set()
        for atom, _ in monomial:
            made = atoms[atom]
            match made.kind:
                case "hit":
                    key: object = ("hit", *made.payload[:2])
                case "above" | "null":
                    # Of Q > 0, -Q > 0 and Q = 0 one holds, whatever the sign Q is written with.
                    terms = made.payload[0]
                    negated = tuple((m, -c) for m, c in terms)
                    key = ("sign", max(tuple(terms), negated))
                case _:
                    continue
            if key in signs:
                return {}
            signs.add(key)
        for place, (atom, _) in enumerate(monomial):
            if atoms[atom].kind != "delta":
                continue
            kept, gone = atoms[atom].payload[0]
            rest = (*monomial[:place], *monomial[place + 1 :])
            if not any(self._reads(other, gone) for other, _ in rest):
                continue
            changed = self.substituted(rest, {gone: kept})
            return self.scale(coefficient, self.pointwise({((atom, 1),): 1}, changed))
        return {monomial: whole(coefficient)}

    def _reads(self, atom: int, index: Index) -> bool:
        return index in self.table.atoms[atom].indices

    # -- indices

    def substituted(self, monomial: Monomial, at: Mapping[Index, Index]) -> Poly:
        """The monomial with indices replaced, whatever coincides then."""
        powers: dict[int, Rational] = {}
        made = self.number(1)
        for atom, power in monomial:
            indices = self.table.atoms[atom].indices
            if any(at[i] in indices for i in indices if i in at):
                made = self.pointwise(made, self.again(atom, power, at))
            else:
                renamed = self.table.renamed_atom(atom, at)
                powers[renamed] = powers.get(renamed, 0) + power
        return self.pointwise(self.settled(powers), made)

    def moved(self, poly: Poly, at: Mapping[Index, Index]) -> Poly:
        """A polynomial with its free indices replaced; two of them may become one."""
        if len(set(at.values())) == len(at):
            total: Poly = {}
            for monomial, coefficient in poly.items():
                # Settled again: of two equal indices the first is kept, by their new names.
                renamed = self.settled(dict(self.table.renamed(monomial, at)), coefficient)
                self.into(total, renamed)
            return self._labelled(total)
        parts = (self.scale(c, self.substituted(m, at)) for m, c in poly.items())
        return self._labelled(self.add(*parts))

    def delta(self, a: Index, b: Index) -> Poly:
        """1 where two indices are equal, else 0."""
        if a == b:
            return self.number(1)
        atom = self.table.make("delta", (ordered(a, b),), frozenset((a, b)))
        return {((atom, 1),): 1}

    def bound(self, poly: Poly, summed: Iterable[Index]) -> Poly:
        """The sum over some free indices; where nothing reads one, the size of its dimension."""
        total: Poly = {}
        over = list(summed)
        for monomial, coefficient in poly.items():
            self.tick()
            self.into(total, self._bound(monomial, over), coefficient)
        return total

    def _bound(self, monomial: Monomial, summed: list[Index]) -> Poly:
        for index in summed:
            for atom, _ in monomial:
                made = self.table.atoms[atom]
                if made.kind == "delta" and index in made.payload[0]:
                    first, second = made.payload[0]
                    other = second if index == first else first
                    if other.kind == "c" and self._reads(other.number, index):
                        continue
                    rest = tuple(factor for factor in monomial if factor[0] != atom)
                    changed = self.substituted(rest, {index: other})
                    left = [i for i in summed if i != index]
                    return self.bound(self.kept(monomial, changed), left)
        taken = self.table.dummies(monomial)
        first = 1 + max((index.number for index in taken), default=-1)
        at: dict[Index, Index] = {}
        result = self.number(1)
        for index in summed:
            if any(self._reads(atom, index) for atom, _ in monomial):
                at[index] = Index("x", index.dim, first + len(at))
            else:
                result = self.times(result, self.size(index.dim))
        renamed = self.table.labelled(self.table.renamed(monomial, at))
        return self.times(result, {renamed: 1})

    def kept(self, before: Monomial, after: Poly) -> Poly:
        """What a contraction has become: a dummy that nothing reads any more is a size."""
        total: Poly = {}
        dummies = self.table.dummies(before)
        for monomial, coefficient in after.items():
            left = self.table.dummies(monomial)
            product: Poly = {monomial: coefficient}
            for index in dummies:
                if index not in left:
                    product = self.pointwise(product, self.size(index.dim))
            self.into(total, product)
        return total

    def closed(self, poly: Poly) -> Poly:
        """The same without dummies: sums become atoms, what is free of their indices outside."""
        total: Poly = {}
        for monomial, coefficient in poly.items():
            self.into(total, self._closed(monomial), coefficient)
        return total

    def _closed(self, monomial: Monomial) -> Poly:
        outside = dict(monomial)
        result = self.number(1)
        for part in self.connected(monomial):
            for atom, _ in part:
                del outside[atom]
            result = self.pointwise(result, self.total(part, self.table.dummies(part)))
        return self.pointwise(self.settled(outside), result)

    def total(self, part: Monomial, over: Sequence[Index]) -> Poly:
        """The sum of a monomial over some of its indices, as an atom or as what is known of it."""
        if not over:
            return {part: 1}
        known = self.known_total(part, over)
        return known if known is not None else {((self.table.sum(part, over), 1),): 1}

    def connected(self, monomial: Monomial) -> list[Monomial]:
        """The factors that read dummies, in groups that share none."""
        groups: list[tuple[set[Index], list[tuple[int, Rational]]]] = []
        for factor in monomial:
            dummies = set(self.table.atoms[factor[0]].dummies)
            if not dummies:
                continue
            factors = [factor]
            apart = []
            for group in groups:
                if group[0] & dummies:
                    dummies |= group[0]
                    factors = group[1] + factors
                else:
                    apart.append(group)
            groups = [*apart, (dummies, factors)]
        return [tuple(factors) for _, factors in groups]
