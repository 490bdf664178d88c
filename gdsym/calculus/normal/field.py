"""Functions in normal form: everything in exponentials, logarithms, powers and indicators.

`exp` of a sum is a product of exponentials of monomials to rational powers; `log` of a product is
a sum; sine and cosine are exponentials of an imaginary number; `abs`, `max`, `where` and
comparisons are polynomials in indicators, and no function keeps an indicator in its argument:
f(I*a + (1 - I)*b) is I*f(a) + (1 - I)*f(b). What is left is an atom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, gcd, lcm
from typing import Any

from gdsym.calculus.formula import evaluate
from gdsym.calculus.normal.atoms import (
    ONE,
    Atom,
    Index,
    Indices,
    Items,
    Monomial,
    Poly,
    Product,
    Rational,
    Sum,
    items,
    whole,
)
from gdsym.calculus.normal.functions import LIFTED, OWN
from gdsym.calculus.normal.ring import INDICATORS, GivenUp, Ring
from gdsym.calculus.normal.signs import Signs, signs
from gdsym.language.functions import FUNCTIONS
from gdsym.language.model import Model

# Numbers with a larger factor are not taken apart into primes.
LARGEST_PRIME = 1000
# Numbers from here on are those of indices that stand aside for a moment.
ASIDE = 1_000_000
# A function of an argument with more indicators than this is given up: it has 2^n cases.
MOST_INDICATORS = 6
# Kinds of atoms that jump or stand still: a polynomial with them may be 0 on a whole region.
JUMPING = frozenset(("above", "null", "max", "argmax", "delta"))


@dataclass(slots=True)
class Field(Ring):
    """The algebra of a model. `shapes` maps a dimension to the one whose size it has, and what is
    subtracted; `given` has sizes that are numbers."""

    model: Model = field(kw_only=True)
    given: Mapping[str, int] = field(kw_only=True)
    signs: Signs = field(init=False)
    _memory: dict[Any, Poly] = field(default_factory=dict)
    _case: tuple[Items, ...] = ()  # what is above 0 in the case at hand

    def __post_init__(self) -> None:
        self.signs = signs(self.model, self.table)

    # -- leaves

    def root(self, dim: str) -> str:
        """The dimension that one is like, or itself."""
        like = {d.name: d.like for d in self.model.dims}
        return like.get(dim) or dim

    def size(self, dim: str) -> Poly:
        name = self.root(dim)
        if name in self.given:
            return self.number(self.given[name])
        less = {d.name: d.less for d in self.model.dims}.get(name)
        if less is not None:
            return self.minus(self.size(less[0]), self.number(less[1]))
        return self.leaf("size", name, ())

    def leaf(self, kind: str, name: str, indices: tuple[Index, ...]) -> Poly:
        """An entry of a leaf; data of finitely many values in terms of indicators."""
        domain = self.signs.domains.get(name) if kind == "data" else None
        if domain is None or domain.values is None:
            atom = self.table.make("leaf", (kind, name, Indices(indices)), frozenset(indices))
            return {((atom, 1),): 1}
        first, *others = (whole(Fraction(v)) for v in sorted(domain.values))
        total = self.number(first)
        for value in others:
            payload = (name, Indices(indices), value)
            hit = self.table.make("hit", payload, frozenset(indices))
            self.into(total, {((hit, 1),): 1}, value - first)
        return total

    def known_total(self, monomial: Monomial, over: Sequence[Index]) -> Poly | None:
        """Shares add up to 1, effects that are declared so to 0."""
        if len(monomial) != 1 or monomial[0][1] != 1:
            return None
        atom = self.table.atoms[monomial[0][0]]
        if atom.kind != "leaf" or atom.payload[0] not in ("data", "param"):
            return None
        domain = self.signs.domains[atom.payload[1]]
        known = {"simplex": 1, "sumzero": 0}
        if domain.structure not in known or domain.axis is None:
            return None
        if [index.dim for index in over] != [self.root(domain.axis)]:
            return None
        return self.number(known[domain.structure])

    def again(self, atom: int, power: Rational, at: Mapping[Index, Index]) -> Poly:
        # Functions sum over dummies; here they are indices like any other.
        dummies = {*self.table.atoms[atom].dummies, *(i for i in at.values() if i.kind == "x")}
        aside = {i: i._replace(kind="t", number=i.number + ASIDE) for i in dummies}
        moved = {
            self.table.renamed_index(old, aside): self.table.renamed_index(new, aside)
            for old, new in at.items()
        }
        made = self._again(self.table.renamed_atom(atom, aside), power, moved)
        back = {after: before for before, after in aside.items()}
        return {self.table.renamed(monomial, back): c for monomial, c in made.items()}

    def _again(self, atom: int, power: Rational, at: Mapping[Index, Index]) -> Poly:
        made = self.table.atoms[atom]
        match made.kind:
            case "leaf" | "hit":
                return self.settled({self.table.renamed_atom(atom, at): power})
            case "delta":
                return self.delta(*(self.table.renamed_index(i, at) for i in made.payload[0]))
            case "sum":
                return self.power(self._sum_again(made.payload[0], made.payload[1], at), power)
        parts = [self.all_substituted(part, at) for part in _parts(made.payload)]
        return self._made(made, power, parts)

    def _sum_again(self, body: Product, bound: Indices, at: Mapping[Index, Index]) -> Poly:
        """A sum over bound indices of a monomial in which other indices are replaced."""
        own = [i._replace(kind="t", number=-ASIDE - place) for place, i in enumerate(bound)]
        names = dict(zip(bound, own, strict=True))
        total: Poly = {}
        changed = self.substituted(self.table.renamed(tuple(body), names), at)
        for monomial, coefficient in changed.items():
            read = [any(i in self.table.atoms[a].indices for a, _ in monomial) for i in own]
            over = [i for i, is_read in zip(own, read, strict=True) if is_read]
            inside = tuple(
                f for f in monomial if not self.table.atoms[f[0]].indices.isdisjoint(over)
            )
            if any(self.table.atoms[a].kind == "delta" for a, _ in inside):
                raise GivenUp("two indices of a sum became one")
            outside = tuple(factor for factor in monomial if factor not in inside)
            product = self.pointwise({outside: coefficient}, self.total(inside, over))
            for index, is_read in zip(own, read, strict=True):
                product = product if is_read else self.pointwise(product, self.size(index.dim))
            self.into(total, product)
        return total

    def all_substituted(self, terms: Items, at: Mapping[Index, Index]) -> Poly:
        return self.add(*(self.scale(c, self.substituted(m, at)) for m, c in terms))

    # -- functions of the table

    def call(self, op: str, *args: Poly) -> Poly:
        """A function of the table."""
        key = (op, self._case, *(items(arg) for arg in args))
        if key not in self._memory:
            self.tick()
            self._memory[key] = self._call(op, args)
        return self._memory[key]

    def _call(self, op: str, args: tuple[Poly, ...]) -> Poly:
        match op:
            case "add":
                return self.add(*args)
            case "mul":
                return self.times(*args)
            case "pow":
                return self.pow(*args)
        own: Callable[..., Poly] | None = OWN.get(op)
        if own is not None:
            return own(self, *args)
        if op in LIFTED:
            return self.lifted(lambda *plain: LIFTED[op](self, *plain), *args)
        entry = FUNCTIONS[op]
        if not entry.meaning.isidentifier():
            names = dict(zip(entry.params, args, strict=True)) | {"pi": self.pi()}
            return evaluate(entry.meaning, names, self)
        return self.lifted(lambda *plain: self.opaque(op, *plain), *args)

    def pi(self) -> Poly:
        return self.leaf("constant", "pi", ())

    def opaque(self, op: str, *args: Poly) -> Poly:
        """A function of which nothing is used but that it is one."""
        parts = [Sum(items(self.together(arg))) for arg in args]
        return self.atom("call", (op, *parts), *parts)

    def atom(self, kind: str, payload: tuple[Any, ...], *parts: Items) -> Poly:
        """An atom that reads the indices of some polynomials."""
        atoms = {a for part in parts for monomial, _ in part for a, _ in monomial}
        direct = frozenset(i for a in atoms for i in self.table.atoms[a].direct)
        height = max((self.table.atoms[a].height for a in atoms), default=0)
        return {((self.table.make(kind, payload, direct, height), 1),): 1}

    def lifted(self, function: Callable[..., Poly], *args: Poly) -> Poly:
        """A function of arguments without dummies and, case by case, without indicators."""
        return self._lifted(function, [self.closed(arg) for arg in args], 0)

    def _lifted(self, function: Callable[..., Poly], args: list[Poly], depth: int) -> Poly:
        indicator = min((i for arg in args for i in self.indicators(arg)), default=None)
        if indicator is None:
            return function(*args)
        if depth == MOST_INDICATORS:
            raise GivenUp("a function has too many cases")
        cases = []
        for value in (1, 0):
            with self._in_case(indicator, value):
                chosen = [self.decided(arg, indicator, value) for arg in args]
                cases.append(self._lifted(function, chosen, depth + 1))
        weight: Poly = {((indicator, 1),): 1}
        share = self.times(weight, self.minus(cases[0], cases[1]))
        return self.add(share, cases[1])

    @contextmanager
    def _in_case(self, indicator: int, value: int) -> Iterator[None]:
        """While arguments are looked at where an indicator has this value."""
        atom = self.table.atoms[indicator]
        before = self._case
        if atom.kind == "above":
            terms = atom.payload[0]
            known = terms if value else tuple(sorted((m, -c) for m, c in terms))
            # Where it is 0 is a place that does not count, unless it is 0 on a whole region.
            if value or self.generic(dict(terms)):
                self._case = (*before, tuple(known))
        self.signs.case = frozenset(self._case)
        try:
            yield
        finally:
            self._case = before
            self.signs.case = frozenset(before)

    def indicators(self, poly: Poly) -> list[int]:
        atoms = {atom for monomial in poly for atom, _ in monomial}
        return sorted(a for a in atoms if self.table.atoms[a].kind in INDICATORS)

    def decided(self, poly: Poly, indicator: int, value: int) -> Poly:
        """The polynomial where an indicator has this value."""
        total: Poly = {}
        for monomial, coefficient in poly.items():
            rest = tuple(factor for factor in monomial if factor[0] != indicator)
            if value or len(rest) == len(monomial):
                self.into(total, {rest: coefficient})
        atom = self.table.atoms[indicator]
        if value and atom.kind == "null":
            return self._solved(total, dict(atom.payload[0]))
        return total

    def _solved(self, poly: Poly, zero: Poly) -> Poly:
        """The polynomial where another one is 0, put in where that gives the value of a leaf."""
        number = zero.get(ONE, 0)
        rest = [(m, c) for m, c in zero.items() if m != ONE]
        if len(rest) != 1 or len(rest[0][0]) != 1 or rest[0][0][0][1] != 1:
            return poly
        ((leaf, _),), slope = rest[0]
        if self.table.atoms[leaf].kind != "leaf":
            return poly
        return self.replaced(poly, leaf, whole(Fraction(-number) / slope))

    def replaced(self, poly: Poly, leaf: int, value: Rational) -> Poly:
        """The polynomial with a number for a leaf, made again wherever it is read."""
        total: Poly = {}
        for monomial, coefficient in poly.items():
            factors = [self._replaced(atom, power, leaf, value) for atom, power in monomial]
            product = self.number(coefficient)
            for factor in factors:
                product = self.pointwise(product, factor)
            self.into(total, product)
        return total

    def _replaced(self, atom: int, power: Rational, leaf: int, value: Rational) -> Poly:
        if atom == leaf:
            return self.power(self.number(value), power)
        made = self.table.atoms[atom]
        if not self._holds(atom, leaf):
            return {((atom, power),): 1}
        terms = [dict(part) for part in _parts(made.payload)]
        return self._made(made, power, [self.replaced(part, leaf, value) for part in terms])

    def _holds(self, atom: int, leaf: int) -> bool:
        return atom == leaf or any(
            self._holds(inner, leaf)
            for part in _parts(self.table.atoms[atom].payload)
            for monomial, _ in part
            for inner, _ in monomial
        )

    def _made(self, atom: Atom, power: Rational, parts: list[Poly]) -> Poly:
        """A power of an atom made again from what its polynomials have become."""
        match atom.kind:
            case "exp":
                return self.exp(self.scale(power, parts[0]))
            case "log":
                return self.power(self.log(parts[0]), power)
            case "base":
                return self.power(parts[0], power)
            case "above":
                return self.above(parts[0])
            case "null":
                return self.null(parts[0])
            case "call":
                return self.power(self.call(atom.payload[0], *parts), power)
        raise GivenUp(f"an atom of the kind {atom.kind} cannot be made again")

    # -- powers

    def power(self, poly: Poly, power: Rational) -> Poly:
        """A polynomial to a constant power."""
        power = whole(power)
        if isinstance(power, int) and power >= 0:
            result = self.number(1)
            for _ in range(power):
                result = self.times(result, poly)
            return result
        key = ("power", self._case, power, items(poly))
        if key not in self._memory:
            self._memory[key] = self.lifted(lambda plain: self._power(plain, power), poly)
        return self._memory[key]

    def pow(self, base: Poly, exponent: Poly) -> Poly:
        if not exponent or set(exponent) == {ONE}:
            return self.power(base, exponent.get(ONE, 0))
        return self.lifted(self._general_power, base, exponent)

    def _general_power(self, base: Poly, exponent: Poly) -> Poly:
        if set(exponent) <= {ONE}:
            return self.power(base, exponent.get(ONE, 0))
        if not self.known_positive(base):
            # The exponent may be a whole number: of (-2)^p nothing else is known.
            return self.opaque("pow", base, exponent)
        return self.exp(self.times(exponent, self.log(base)))

    def known_positive(self, poly: Poly) -> bool:
        """True where numerator and denominators are known to be above 0."""
        if not poly:
            return False
        above, below = self.fraction(poly)
        parts = [above, *(dict(terms) for terms, _ in below)]
        return all(self.signs.of(part).positive for part in parts)

    def _power(self, poly: Poly, power: Rational) -> Poly:
        if not poly:
            return self.leaf("constant", "undefined", ())
        above, below = self.fraction(poly)
        result = self._monic_power(above, power)
        for base, times in below:
            result = self.times(result, self._monic_power(dict(base), -times * power))
        return result

    def _monic_power(self, poly: Poly, power: Rational) -> Poly:
        """A power of a polynomial without denominators: content and common factors outside."""
        content, common, rest = self.taken_out(poly)
        even = isinstance(power, int) and power % 2 == 0
        outside = self._number_power(content, power)
        inside: dict[int, Rational] = {}
        for atom, count in common:
            if isinstance(power, int) or self.signs.atom(atom).nonnegative:
                outside = self.times(outside, self.settled({atom: count * power}))
            elif isinstance(count, int) and count % 2 == 0 and not even:
                size = self.call("abs", {((atom, 1),): 1})
                outside = self.times(outside, self.power(size, count * power))
            else:
                inside[atom] = count
        if inside:
            rest = self.times(rest, self.settled(inside))
        if rest == self.number(1):
            return outside
        if isinstance(power, int):
            rest, sign = self.signed(rest)
            if sign < 0 and not even:
                outside = self.scale(-1, outside)
            if len(rest) == 1:
                ((monomial, coefficient),) = rest.items()
                assert coefficient == 1
                return self.times(outside, self.settled({a: p * power for a, p in monomial}))
        terms = Sum(items(rest))
        (((base, _),),) = self.atom("base", (terms,), terms)
        return self.times(outside, self.settled({base: power}))

    def _number_power(self, number: Rational, power: Rational) -> Poly:
        if isinstance(power, int):
            return self.number(Fraction(number) ** power)
        result = self.number(1)
        for prime, count in self._primes(number):
            result = self.times(result, self.of(prime, count * power))
        return result

    def _primes(self, number: Rational) -> list[tuple[int, int]]:
        """The atoms of the prime factors of a positive rational number."""
        found = []
        for part, sign in ((Fraction(number).numerator, 1), (Fraction(number).denominator, -1)):
            prime = 2
            while part > 1:
                if prime * prime > part or prime > LARGEST_PRIME:
                    prime = part
                count = 0
                while part % prime == 0:
                    part //= prime
                    count += 1
                if count:
                    found.append((self.table.make("prime", (prime,), frozenset()), sign * count))
                prime += 1
        return found

    def signed(self, poly: Poly) -> tuple[Poly, int]:
        """The polynomial or its negative, whichever comes first, and which of them it is."""
        least = min(poly)
        return (poly, 1) if poly[least] > 0 else (self.scale(-1, poly), -1)

    def taken_out(self, poly: Poly) -> tuple[Rational, Monomial, Poly]:
        """A positive number, a monomial, and what is left when they are divided out."""
        tops = [Fraction(c).numerator for c in poly.values()]
        bottoms = [Fraction(c).denominator for c in poly.values()]
        content = Fraction(gcd(*tops), lcm(*bottoms))
        shortest: Monomial = min(poly, key=lambda monomial: len(monomial))
        common = dict(shortest)
        for monomial in poly:
            powers = dict(monomial)
            for atom in list(common):
                if atom not in powers:
                    # Powers below 0 in other terms come out, too: see below.
                    common[atom] = min(common[atom], 0)
                else:
                    common[atom] = min(common[atom], powers[atom])
            for atom, power in powers.items():
                if power < 0:
                    common[atom] = min(common.get(atom, 0), power)
        taken = {atom: power for atom, power in common.items() if power}
        inverse = tuple(sorted((atom, -power) for atom, power in taken.items()))
        rest: Poly = {}
        for monomial, coefficient in poly.items():
            self.into(rest, self.joined(monomial, inverse, coefficient / content))
        return whole(content), tuple(sorted(taken.items())), rest

    # -- fractions

    def fraction(self, poly: Poly) -> tuple[Poly, list[tuple[Items, Rational]]]:
        """Numerator without negative powers of polynomials, and the powers that it is over."""
        below: dict[Items, Rational] = {}
        while True:
            self.tick()
            bases = {
                atom
                for monomial in poly
                for atom, power in monomial
                if power < 0 and self.table.atoms[atom].kind == "base"
            }
            if not bases:
                break
            base = max(bases)
            terms = self.table.atoms[base].payload[0]
            most = -min(dict(monomial).get(base, 0) for monomial in poly)
            poly = self._over(poly, base, most)
            below[terms] = below.get(terms, 0) + most
        for terms in list(below):
            while isinstance(below[terms], int) and below[terms] > 0 and len(poly) > 1:
                quotient = self.divided(poly, dict(terms))
                if quotient is None:
                    break
                poly = quotient
                below[terms] -= 1
        return poly, [(terms, count) for terms, count in below.items() if count]

    def _over(self, poly: Poly, base: int, power: Rational) -> Poly:
        """The polynomial times a power of the atom `base`, multiplied out."""
        total: Poly = {}
        for monomial, coefficient in poly.items():
            powers = dict(monomial)
            powers[base] = powers.get(base, 0) + power
            self.into(total, self.settled(powers, coefficient))
        return total

    def together(self, poly: Poly) -> Poly:
        """The polynomial as one fraction: the same for forms that differ by denominators."""
        if not any(power < 0 for monomial in poly for _, power in monomial):
            return poly
        above, below = self.fraction(poly)
        for terms, count in below:
            above = self.pointwise(above, self._monic_power(dict(terms), -count))
        return above

    def divided(self, poly: Poly, by: Poly) -> Poly | None:
        """The quotient, where the division leaves no remainder."""
        if len(by) < 2 or len(poly) > 200:
            return None
        order = {a: i for i, a in enumerate(sorted({a for m in (*poly, *by) for a, _ in m}))}

        def degrees(monomial: Monomial) -> tuple[Rational, ...]:
            vector: list[Rational] = [0] * len(order)
            for atom, power in monomial:
                vector[order[atom]] = power
            return tuple(vector)

        lead = max(by, key=degrees)
        if any(power < 0 for m in (*poly, *by) for _, power in m):
            return None
        left = dict(poly)
        quotient: Poly = {}
        for _ in range(2 * len(poly) + 8):
            if not left:
                return quotient
            top = max(left, key=degrees)
            powers = dict(top)
            for atom, power in lead:
                powers[atom] = powers.get(atom, 0) - power
            if any(power < 0 for power in powers.values()):
                return None
            share = tuple(sorted((atom, power) for atom, power in powers.items() if power))
            factor = whole(Fraction(left[top]) / by[lead])
            quotient[share] = factor
            for monomial, coefficient in by.items():
                self.into(left, self.joined(monomial, share, coefficient), -factor)
        return None

    # -- exponentials and logarithms

    def exp(self, poly: Poly) -> Poly:
        return self.lifted(self._exp, poly)

    def _exp(self, poly: Poly) -> Poly:
        result = self.number(1)
        for monomial, coefficient in poly.items():
            result = self.times(result, self._exp_of(monomial, coefficient))
        return result

    def _exp_of(self, monomial: Monomial, coefficient: Rational) -> Poly:
        if len(monomial) == 1 and monomial[0][1] == 1:
            atom = self.table.atoms[monomial[0][0]]
            if atom.kind == "log":
                return self._exp_log(dict(atom.payload[0]), coefficient)
            if atom.kind == "leaf" and atom.payload[:2] == ("constant", "inf") and coefficient < 0:
                return {}
        sign: Rational = 1
        (half_turn,) = self.times(self.imaginary(), self.pi())
        if monomial == half_turn:  # exp(i*pi) is -1
            sign = -1 if floor(coefficient) % 2 else 1
            coefficient = whole(coefficient - floor(coefficient))
        (((made, _),),) = self.atom("exp", (Product(monomial),), ((monomial, 1),))
        return self.scale(sign, self.settled({made: coefficient}))

    def _exp_log(self, argument: Poly, coefficient: Rational) -> Poly:
        """abs(argument) to a power."""
        if isinstance(coefficient, int) and coefficient % 2 == 0:
            return self.power(argument, coefficient)
        if self.signs.of(argument).nonnegative:
            return self.power(argument, coefficient)
        return self.power(self.call("abs", argument), coefficient)

    def log(self, poly: Poly) -> Poly:
        return self.lifted(self._log, poly)

    def assume(self, poly: Poly) -> None:
        """Counts a polynomial as above 0, for all that it is used for."""
        above, below = self.fraction(self.closed(poly))
        _, common, rest = self.taken_out(above)
        factors = [self.signs.atom(atom) for atom, _ in common]
        factors += [self.signs.of(dict(terms)) for terms, _ in below]
        if all(factor.positive for factor in factors):
            self.signs.assumed.add(items(rest))

    def _log(self, poly: Poly) -> Poly:
        """The logarithm of the absolute value: that of a product is a sum whatever the signs."""
        if not poly:
            return self.scale(-1, self.leaf("constant", "inf", ()))
        above, below = self.fraction(poly)
        result = self._log_whole(above)
        for terms, count in below:
            result = self.minus(result, self.scale(count, self._log_whole(dict(terms))))
        return result

    def _log_whole(self, poly: Poly) -> Poly:
        content, common, rest = self.taken_out(poly)
        total: Poly = {}
        primes: list[tuple[int, Rational]] = [*self._primes(content)]
        for atom, count in (*primes, *common):
            self.into(total, self._log_of(atom), count)
        if rest == self.number(1):
            return total
        rest, _ = self.signed(rest)
        return total if rest == self.number(1) else self.add(total, self._log_atom(rest))

    def _log_of(self, atom: int) -> Poly:
        made = self.table.atoms[atom]
        if made.kind == "exp":
            return {tuple(made.payload[0]): 1}
        if made.kind == "base":
            return self._log_whole(dict(made.payload[0]))
        return self._log_atom({((atom, 1),): 1})

    def _log_atom(self, poly: Poly) -> Poly:
        if poly == self.number(1):
            return {}
        terms = Sum(items(poly))
        return self.atom("log", (terms,), terms)

    def imaginary(self) -> Poly:
        return {((self.table.make("imaginary", (), frozenset()), 1),): 1}

    # -- indicators

    def above(self, poly: Poly) -> Poly:
        """1 where the polynomial is above 0, else 0; for arguments without indicators."""
        core = self._sign_of(poly)
        if isinstance(core, int):
            return self.number(int(core > 0))
        known = self.signs.of(core)
        generic = self.generic(core)
        if known.positive or (known.nonnegative and generic):
            return self.number(1)
        if known.nonpositive:
            return {}
        first, sign = self.signed(core)
        if sign < 0 and generic:  # 0 almost nowhere
            return self.minus(self.number(1), self._indicator("above", first))
        if sign < 0:
            either = self.add(self._indicator("above", first), self.null(first))
            return self.minus(self.number(1), either)
        if not generic and known.nonnegative:
            return self.minus(self.number(1), self._indicator("null", core))
        return self._indicator("above", core)

    def null(self, poly: Poly) -> Poly:
        """1 where the polynomial is 0."""
        core = self._sign_of(poly)
        if isinstance(core, int):
            return self.number(int(core == 0))
        known = self.signs.of(core)
        if known.positive or known.negative or self.generic(core):
            return {}
        first, _ = self.signed(core)
        return self._indicator("null", first)

    def _indicator(self, kind: str, poly: Poly) -> Poly:
        terms = Sum(items(poly))
        return self.atom(kind, (terms,), terms)

    def _sign_of(self, poly: Poly) -> Poly | int:
        """A polynomial of the same sign without positive factors, or the sign itself."""
        if not poly:
            return 0
        above, below = self.fraction(poly)
        for terms, count in below:
            known = self.signs.of(dict(terms))
            if known.negative and count % 2:
                above = self.scale(-1, above)
            elif not (known.positive or known.negative or count % 2 == 0):
                above = self.times(above, dict(terms))
        _, common, rest = self.taken_out(above)
        for atom, count in common:
            even = isinstance(count, int) and count % 2 == 0 and self.generic({((atom, 1),): 1})
            if not (self.signs.atom(atom).positive or even):
                odd = 1 if isinstance(count, int) and count % 2 else 2
                rest = self.times(rest, {((atom, odd),): 1})
        if set(rest) == {ONE}:
            return 1 if rest[ONE] > 0 else -1
        return self._without_roots(rest)

    def _without_roots(self, poly: Poly) -> Poly:
        """a - b is above 0 where a^t - b^t is, for a, b and t above 0: roots can go."""
        if len(poly) != 2 or sum(c > 0 for c in poly.values()) != 1:
            return poly
        high: Poly = {m: c for m, c in poly.items() if c > 0}
        low: Poly = {m: -c for m, c in poly.items() if c < 0}
        if not (self.signs.of(high).positive and self.signs.of(low).positive):
            return poly
        powers = dict(next(iter(high)))
        for atom, power in next(iter(low)):
            powers[atom] = powers.get(atom, 0) - power
        left = [
            Fraction(p) for a, p in powers.items() if p and self.table.atoms[a].kind != "prime"
        ]
        if not left or all(p.denominator == 1 for p in left):
            return poly
        shared = Fraction(gcd(*(p.numerator for p in left)), lcm(*(p.denominator for p in left)))
        raised = self.minus(self.power(high, 1 / shared), self.power(low, 1 / shared))
        _, _, rest = self.taken_out(raised)
        return rest if len(rest) == 2 else poly

    def generic(self, poly: Poly) -> bool:
        """True where it is analytic in the parameters and depends on them: almost nowhere 0."""
        return self._moves(items(poly)) and not self._jumps(items(poly))

    def _moves(self, terms: Items) -> bool:
        return any(
            (made.kind == "leaf" and made.payload[0] == "param")
            or any(self._moves(part) for part in _parts(made.payload))
            for made in (self.table.atoms[a] for m, _ in terms for a, _ in m)
        )

    def _jumps(self, terms: Items) -> bool:
        return any(
            made.kind in JUMPING
            or made.payload[:1] == ("floor",)
            or any(self._jumps(part) for part in _parts(made.payload))
            for made in (self.table.atoms[a] for m, _ in terms for a, _ in m)
        )

    def code(self, poly: Poly) -> Index | None:
        """A category or a label as an index, None for what is no code."""
        if list(poly.values()) != [1]:
            return None
        (monomial,) = poly
        if len(monomial) != 1 or monomial[0][1] != 1:
            return None
        atom = self.table.atoms[monomial[0][0]]
        match atom.kind, atom.payload[0]:
            case "leaf", "label":
                return Index("c", "", atom.id)
            case "leaf", "data" if self.signs.domains[atom.payload[1]].category is not None:
                return Index("c", "", atom.id)
            case ("call", "shift") | ("argmax", _):
                return Index("c", "", atom.id)
        return None

    def truth(self, poly: Poly) -> Poly:
        """1 where a condition is not 0."""
        if self.pointwise(poly, poly) == poly:
            return poly
        return self.minus(self.number(1), self.call("eq", poly, {}))


def _parts(payload: tuple[Any, ...]) -> list[Items]:
    """The polynomials in the payload of an atom."""
    found: list[Items] = []
    for part in payload:
        if isinstance(part, Sum):
            found.append(part)
        elif isinstance(part, Product):
            found.append(((tuple(part), 1),))
    return found
