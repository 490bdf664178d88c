"""The terms that an objective and its derivatives are sums of, and which of them a claim has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

import numpy as np

from gdsym.calculus.derive import derive
from gdsym.calculus.notation import Notation
from gdsym.calculus.program import Contract, Factor, Graph, Map, Node, Number, Program
from gdsym.gradcheck.diagnose.samples import (
    SAME,
    Array,
    Multiple,
    Samples,
    ratio,
    recognised,
    same,
)
from gdsym.gradcheck.questions import DIRECTION, derivative
from gdsym.gradcheck.report import AND_ALSO, Finding

# Terms beyond these are not told apart.
MOST_TERMS = 12
# How findings call what terms of the objective give to a block.
OF_A_TERM = {
    "grad": "the gradient of ",
    "hess": "the Hessian of ",
    "hvp": "the Hessian-vector product of ",
}


@dataclass(frozen=True, slots=True)
class Term:
    """A part of the block, what it is called, and its text. `own`: the block has it."""

    name: str
    text: str
    node: Node
    own: bool = True
    penalty: bool = False


def addends(graph: Graph, node: Node) -> list[Node]:
    """Nodes whose sum the node is, as far as sums and linear maps of sums go."""
    match node:
        case Map(op="add"):
            return [part for arg in node.args for part in addends(graph, arg)]
        case Map(op="mul"):
            for place, arg in enumerate(node.args):
                parts = addends(graph, arg)
                if len(parts) > 1:
                    others = [*node.args[:place], *node.args[place + 1 :]]
                    return [graph.mul(*others, part) for part in parts]
        case Contract():
            for place, (factor, indices) in enumerate(node.factors):
                parts = addends(graph, factor)
                if len(parts) < 2:
                    continue
                found = []
                for part in parts:
                    at = dict(zip(factor.axes, indices, strict=True))
                    changed = list(node.factors)
                    changed[place] = Factor(part, tuple(at[axis] for axis in part.axes))
                    found.append(graph.contract_over(node.summed, changed, node.deltas, node.axes))
                return found
    return [node]


def terms(program: Program, quantity: str, names: Sequence[str], block: Node) -> list[Term]:
    """The derivatives of the objective's terms, then the block's own addends."""
    notation = Notation.of(program)

    def shown(node: Node) -> str:
        text = notation.text(node)
        return text.replace(DIRECTION + names[0], names[1]) if quantity == "hvp" else text

    source = program.model.source.text
    written = {
        " ".join(source[p.span.start : p.span.stop].split()) for p in program.model.penalties
    }
    # A claim may be about the negative of what is minimised.
    negative = block is program.graph.neg(derivative(program, quantity, names))
    found: list[Term] = []
    objective = addends(program.graph, program.value)
    loss = addends(program.graph, program.loss)
    parts = [(part, part not in loss) for part in objective]
    penalties = sum(penalty for _, penalty in parts)
    if 1 < len(loss) < len(objective):
        parts.append((program.loss, False))
    for part, penalty in parts if 1 < len(objective) <= MOST_TERMS else ():
        own = derivative(derive(replace(program, value=part)), quantity, names)
        if isinstance(own, Number) and own.value == 0:
            continue
        own = program.graph.neg(own) if negative else own
        alone = len(written) == 1 and penalties == 1 and penalty
        text = next(iter(written)) if alone else notation.text(part)
        named = f"{OF_A_TERM[quantity]}`{text}`"
        found.append(Term(named, shown(own), own, True, penalty))
    for part in addends(program.graph, block)[:MOST_TERMS]:
        if part is not block and part not in [term.node for term in found]:
            text = shown(part)
            found.append(Term(f"the term `{text}`", text, part))
    return found


def strangers(program: Program, name: str) -> list[Term]:
    """What a block has not, but a claim may: a penalty on this parameter."""
    graph = program.graph
    leaf = graph.known_leaf("param", name)
    if leaf is None:
        return []
    found = [Term(f"`{name}`", name, leaf, own=False, penalty=True)]
    for const in program.model.consts:
        weight = graph.known_leaf("const", const.name)
        if not const.dims and weight is not None and not const.name.startswith(DIRECTION):
            text = f"{const.name}*{name}"
            found.append(Term(f"`{text}`", text, graph.mul(weight, leaf), False, True))
    return found


# -- one term


def whole(claimed: Sequence[Array], exact: Sequence[Array], samples: Samples) -> Multiple | None:
    """The factor by which the whole block is off."""
    factors = ratio(claimed, exact)
    return recognised(factors, samples.scalars()) if factors is not None else None


def one_term(
    claimed: Sequence[Array], exact: Sequence[Array], term: Sequence[Array], samples: Samples
) -> Multiple | None:
    """How much more of a term the claim has than the block."""
    rest = [c - e for c, e in zip(claimed, exact, strict=True)]
    factors = _share(rest, term, claimed, exact)
    if factors is None:
        return None
    found = recognised(factors, samples.scalars())
    return found


def share_of_own(
    claimed: Sequence[Array], exact: Sequence[Array], term: Sequence[Array], samples: Samples
) -> Multiple | None:
    """How often the claim has a term that the block has once: 0 where it is missing."""
    rest = [c - e + t for c, e, t in zip(claimed, exact, term, strict=True)]
    factors = _share(rest, term, claimed, exact)
    return recognised(factors, samples.scalars()) if factors is not None else None


def _share(
    rest: Sequence[Array], term: Sequence[Array], claimed: Sequence[Array], exact: Sequence[Array]
) -> Array | None:
    found = []
    for r, t, c, e in zip(rest, term, claimed, exact, strict=True):
        norm = float(np.sum(t * t))
        if not norm:
            return None
        factor = float(np.sum(r * t)) / norm
        scale = max(float(np.max(np.abs(v), initial=0)) for v in (r, t, c, e))
        if np.any(np.abs(r - factor * t) > SAME * scale):
            return None
        found.append(factor)
    return np.array(found)


# -- findings


def together(found: Sequence[Finding]) -> list[Finding]:
    """Findings that explain something only together, so worded."""
    first, *rest = found
    plain = [f.text.removeprefix(AND_ALSO) for f in rest]
    return [first, *(replace(f, text=AND_ALSO + t) for f, t in zip(rest, plain, strict=True))]


def first_of(found: Sequence[Finding]) -> list[Finding]:
    """The first explanation: a finding with those that belong to it."""
    count = 1
    while count < len(found) and found[count].text.startswith(AND_ALSO):
        count += 1
    return list(found[:count])


def factor_findings(factor: Multiple, block: str, text: str) -> list[Finding]:
    """The whole block times a factor."""
    inverse = str(factor.inverse())
    corrected = f"{inverse if '/' not in inverse else f'({inverse})'}*({text})" if text else ""
    if factor.plain and factor.number == -1:
        return [Finding("sign", block, "it has the wrong sign", f"-({text})" if text else "")]
    if factor.number < 0:
        rest = factor_findings(factor.negative(), block, "")
        return together([Finding("sign", block, "it has the wrong sign", corrected), *rest])
    kind = "log_base" if factor.name.startswith("log(") else "factor"
    return [Finding(kind, block, f"it is `{factor}` times the derivative", corrected)]


def term_findings(term: Term, share: Multiple, text: str) -> list[Finding]:
    """A term of the block that the claim has not once."""
    if share.plain and share.number == 0:
        corrected = f"{text} + {term.text}" if text else ""
        return [Finding("missing_term", term.name, f"{term.name} is missing", corrected)]
    left = Multiple(-share.number, share.name, share.power)
    corrected = f"{text} + {term.text} + ({left})*({term.text})" if text else ""
    if share.plain:
        corrected = f"{text} + ({1 - share.number})*({term.text})" if text else ""
    turned = Finding("sign", term.name, f"{term.name} has the wrong sign", corrected)
    if share.plain and share.number == -1:
        return [turned]
    if share.number < 0:
        return together([turned, *term_findings(term, share.negative(), "")])
    told = f"{term.name} is `{share}` times what it should be"
    return [Finding("scaled_term", term.name, told, corrected)]


def stranger_finding(term: Term, share: Multiple, text: str, scalar: bool) -> Finding:
    """A term that does not belong to the block."""
    kind = "penalised_intercept" if scalar else "extra_term"
    what = f"`{share}` times {term.name}" if share != Multiple(Fraction(1)) else term.name
    told = (
        f"{what} does not belong there: this parameter is not penalised"
        if scalar
        else (f"{what} does not belong there")
    )
    return Finding(kind, term.name, told, f"{text} - ({share})*{term.text}" if text else "")


def explained(
    claimed: Sequence[Array],
    exact: Sequence[Array],
    own: Sequence[tuple[Term, Sequence[Array]]],
    other: Sequence[tuple[Term, Sequence[Array]]],
    samples: Samples,
    block: str,
    text: str,
    *,
    scalar: bool,
) -> list[Finding]:
    """Explanations by one factor or one term, the simplest first."""
    found: list[Finding] = []
    factor = whole(claimed, exact, samples)
    if factor is not None and factor != Multiple(Fraction(1)) and factor.number != 0:
        found += factor_findings(factor, block, text)
    for term, values in own:
        if same(values, exact):
            continue
        share = share_of_own(claimed, exact, values, samples)
        if share is not None and share != Multiple(Fraction(1)):
            found += term_findings(term, share, text)
    for term, values in other if not found else ():
        share = one_term(claimed, exact, values, samples)
        if share is not None and share.number != 0:
            found.append(stranger_finding(term, share, text, scalar))
    return found


def two_terms(
    claimed: Sequence[Array],
    exact: Sequence[Array],
    candidates: Sequence[tuple[Term, Sequence[Array]]],
    text: str,
) -> list[tuple[Finding, ...]]:
    """Explanations by two terms with constant coefficients."""
    rest = np.concatenate([(c - e).ravel() for c, e in zip(claimed, exact, strict=True)])
    scale = max(float(np.max(np.abs(v), initial=0)) for v in (*claimed, *exact))
    found = []
    for (a, first), (b, second) in combinations(candidates, 2):
        columns = np.stack([np.concatenate([v.ravel() for v in x]) for x in (first, second)], 1)
        if columns.shape[0] < 3:
            continue
        weights, _, rank, _ = np.linalg.lstsq(columns, rest, rcond=None)
        if rank < 2 or np.any(np.abs(columns @ weights - rest) > 10 * SAME * scale):
            continue
        multiples = [recognised(np.array([w]), {}) for w in weights]
        if any(m is None or m.number == 0 for m in multiples):
            continue
        parts = []
        for term, more in zip((a, b), multiples, strict=True):
            assert more is not None
            if term.own:
                parts += term_findings(term, Multiple(more.number + 1), text)
            else:
                parts.append(stranger_finding(term, more, text, False))
        found.append(tuple(together(parts)))
    return found


def named(samples: Samples, found: Iterable[Term]) -> tuple[tuple[Term, list[Array]], ...]:
    """Terms with their values; those that are 0 or not finite somewhere are left out."""
    listed = list(found)
    values = samples.values(term.node for term in listed)
    return tuple(
        (term, value)
        for term, value in zip(listed, values, strict=True)
        if all(np.all(np.isfinite(v)) and np.any(v) for v in value)
    )
