"""What the structure of a model is, in words and as values that JSON knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import factorial, isinf
from os.path import basename
from typing import Any

from gdsym.calculus.notation import Notation
from gdsym.calculus.program import Program
from gdsym.calculus.structure import Structure, structure
from gdsym.calculus.structure.cost import Count, cost
from gdsym.calculus.structure.invariances import Direction, Move, directions, unused
from gdsym.calculus.structure.linear_parameters import linear_parameters
from gdsym.calculus.structure.predictors import predictors
from gdsym.calculus.structure.ranges import Range
from gdsym.calculus.structure.symmetries import Symmetry, symmetries
from gdsym.codegen.plan import Plan
from gdsym.compiler import stages
from gdsym.errors import Source, SourceError
from gdsym.language.model import Model

Facts = dict[str, Any]


def facts(text: str, path: str, consts: Mapping[str, Any] | None = None) -> Facts:
    """What is known of a model without data.

    consts: values of constants other than those of the text. Raises SourceError, which shows the
    path.
    """
    name = basename(path)
    try:
        made = stages(text, name)
    except SourceError as error:
        raise SourceError(Source(path, error.source.text), error.diagnostics) from None
    program = made.derived
    given = None
    if consts:
        given = {key: _range(value) for key, value in {**_stated(program), **consts}.items()}
    found = structure(program, given)
    linear = linear_parameters(program, found.squares) if found.squares is not None else ()
    count = cost(made.lowered)
    return {
        "model": made.model.name,
        "doc": made.model.doc,
        "row": made.model.row,
        **_rows(made.model, made.plan),
        **_squares(program, found),
        **_predictors(program),
        **_convexity(program, found),
        **_kinks(program, found),
        "linear": list(linear),
        **_invariances(program),
        "operations": _terms(count.operations),
        "bytes": _terms(count.bytes),
        "curvature": _curvature(found),
    }


def _stated(program: Program) -> dict[str, Any]:
    from gdsym.calculus.structure.constants import stated

    return dict(stated(program))


def _range(value: Any) -> Range:
    """A constant's value, or a range as it is."""
    if isinstance(value, Range):
        return value
    entries = [Fraction(entry) for entry in _flat(value)]
    return Range(min(entries), max(entries))


def _flat(value: Any) -> Iterator[float]:
    if isinstance(value, Sequence):
        for entry in value:
            yield from _flat(entry)
    else:
        yield float(value)


def _rows(model: Model, plan: Plan) -> Facts:
    return {
        "separable": None if model.row is None else plan.minibatch is None,
        "why_not_separable": None if model.row is None else plan.minibatch,
        "passes": len(plan.passes) if model.row is not None else 0,
    }


def _squares(program: Program, found: Structure) -> Facts:
    if found.squares is None:
        return {"least_squares": False, "residuals": [], "scale": None}
    text = Notation.of(program).text
    scale = found.squares.scale
    return {
        "least_squares": True,
        "residuals": [text(residual) for residual in found.squares.residuals],
        "scale": str(scale) if isinstance(scale, Fraction) else text(scale),
    }


def _predictors(program: Program) -> Facts:
    notation = Notation.of(program)
    known = predictors(program)
    rows, scalars = (known.rows, known.scalars) if known is not None else ((), ())
    return {
        "generalised_linear": known is not None and known.generalised_linear,
        "predictors": [notation.text(node) for node in rows],
        "scalars": [notation.text(node) for node in scalars],
    }


def _convexity(program: Program, found: Structure) -> Facts:
    text = Notation.of(program).text
    judged = found.convexity
    return {
        "convex": "yes" if judged.convex else "unknown",
        "rules": list(judged.rules),
        "given": {name: [_end(end) for end in at] for name, at in found.given.items()},
        "obstacles": [text(node) for node in judged.obstacles],
    }


def _end(end: Fraction | float) -> float | None:
    return None if isinf(end) else float(end)


def _kinks(program: Program, found: Structure) -> Facts:
    text = Notation.of(program).text
    return {
        "kinks": [{"text": text(k.node), "order": k.order} for k in found.parts.kinks],
        "proximal": [
            {
                "kind": "l1" if not term.over else "group" if term.codes is not None else "norm",
                "param": term.param,
                "over": [axis.dim for axis in term.over],
                "weight": text(term.weight),
                "groups": text(term.codes) if term.codes is not None else None,
            }
            for term in found.parts.terms
        ],
    }


def _curvature(found: Structure) -> Facts | None:
    bound = found.smoothness
    if bound is None:
        return None
    return {"constant": bound.constant, "factor": bound.factor, "halves": list(bound.halves)}


def _terms(count: Count) -> list[Facts]:
    return [{"dims": list(dims), "times": times} for dims, times in count.items()]


# -- invariances in words ----------------------------------------------------------------------


def _invariances(program: Program) -> Facts:
    model, moves = program.model, directions(program)
    return {
        "invariances": [
            *(_direction(direction) for direction in moves),
            *(_symmetry(symmetry, model) for symmetry in symmetries(program)),
        ],
        "unidentified": [
            *(_unidentified(direction, model) for direction in moves),
            *(f"`{name}` does not enter" for name in unused(program)),
        ],
    }


def _direction(direction: Direction) -> str:
    along = [axis.dim for axis in direction.moves[0].along]
    each = f", t for each {' and '.join(along)}" if along else ""
    if direction.kind == "shift":
        moves = ", ".join(f"`{m.param}` + {_times(m.coefficient)}" for m in direction.moves)
        return f"shift: {moves}{each}".replace("+ -", "- ")
    moves = ", ".join(f"`{m.param}`*{_power(m.coefficient)}" for m in direction.moves)
    return f"scale: {moves}{each}".replace("*1/", "/")


def _times(coefficient: Fraction) -> str:
    text = {Fraction(1): "t", Fraction(-1): "-t"}.get(coefficient)
    return text or f"{coefficient}*t"


def _power(coefficient: Fraction) -> str:
    text = {Fraction(1): "t", Fraction(-1): "1/t"}.get(coefficient)
    return text or f"t^({coefficient})"


def _unidentified(direction: Direction, model: Model) -> str:
    """The combination, and the domain that picks one of all."""
    names = " and ".join(f"`{move.param}`" for move in direction.moves)
    if direction.kind == "scale":
        return f"the scales of {names}: a penalty on each settles them"
    mends = [mend for move in direction.moves if (mend := _mend(move, model))]
    what = f"the level of {names}" if len(direction.moves) == 1 else f"the levels of {names}"
    return what + (f": write {mends[0]}" if mends else "")


def _mend(move: Move, model: Model) -> str | None:
    dims = next(param.dims for param in model.params if param.name == move.param)
    shared = [dim for dim in dims if dim not in {axis.dim for axis in move.along}]
    if len(shared) != 1:
        return None
    return f"`{move.param}[{', '.join(dims)}] in base[{shared[0]}]` or `in sumzero[{shared[0]}]`"


def _symmetry(symmetry: Symmetry, model: Model) -> str:
    names = ", ".join(f"`{name}`" for name in symmetry.params)
    match symmetry.kind:
        case "order":
            size = next(dim.size for dim in model.dims if dim.name == symmetry.dim)
            count = f": {factorial(size):,} equal minima" if size is not None and size < 7 else ""
            return f"the order of {symmetry.dim} in {names}{count}"
        case "turn":
            return f"rotations of {symmetry.dim} in {names}"
    each = f", for each {symmetry.dim}" if symmetry.dim is not None else ""
    return f"the sign of {names}{each}"


# -- the answers in lines ----------------------------------------------------------------------

WIDTH = 16


def lines(told: Facts) -> list[str]:
    """The answers as `gdsym explain` prints them; what data add is in `data`."""
    title = told["model"] + (f": {told['doc']}" if told["doc"] else "")
    found = [title, ""]
    for name, texts in _sections(told):
        for place, text in enumerate(texts):
            found.append(f"{name if not place else '':<{WIDTH}}{text}")
    return found


def _sections(told: Facts) -> Iterator[tuple[str, list[str]]]:
    yield "rows", [_rows_line(told)]
    yield "least squares", _squares_lines(told)
    yield "predictors", _predictor_lines(told)
    yield "convex", _convex_lines(told)
    yield "kinks", _kink_lines(told)
    if told["linear"]:
        names = ", ".join(f"`{name}`" for name in told["linear"])
        yield "linear in", [f"{names}, the others held"]
    yield "invariances", told["invariances"] or ["none seen"]
    yield "unidentified", told["unidentified"] or ["nothing seen"]
    yield "curvature", _curvature_lines(told)
    yield "cost", _cost_lines(told)
    if "method" in told:
        yield "method", [f"{told['method']}: {told['reason']}"]


def _rows_line(told: Facts) -> str:
    if told["separable"] is None:
        return "none: a function of the parameters alone"
    counted = f", {told['rows']:,} of them" if "rows" in told else ""
    passes = "one pass" if told["passes"] == 1 else f"{told['passes']} passes"
    if told["separable"]:
        return f"separable: a sum over rows and terms without rows, {passes}{counted}"
    return f"not separable, {passes}{counted}: {told['why_not_separable']}"


def _squares_lines(told: Facts) -> list[str]:
    if not told["least_squares"]:
        return ["no"]
    front = "" if told["scale"] == "1" else f"{told['scale']} times "
    many = "residuals" if len(told["residuals"]) > 1 else "the residual"
    return [f"yes: {front}the squares of {many}", *(f"  {text}" for text in told["residuals"])]


def _predictor_lines(told: Facts) -> list[str]:
    if not told["predictors"]:
        return ["no few that are linear"]
    rows = " and ".join(f"`{text}`" for text in told["predictors"])
    if told["generalised_linear"]:
        return [f"generalised linear: rows see the parameters through {rows} alone"]
    beside = ", ".join(f"`{text}`" for text in told["scalars"])
    return [f"rows see the parameters through {rows}" + (f", and {beside}" if beside else "")]


def _convex_lines(told: Facts) -> list[str]:
    given = ", ".join(_bounded(name, *ends) for name, ends in told["given"].items())
    if told["convex"] == "yes":
        rules = ", ".join(told["rules"]) or "affine"
        return [f"yes: {rules}", *([f"  as long as {given}"] if given else [])]
    why = ", ".join(f"`{text}`" for text in told["obstacles"][:MOST_OBSTACLES])
    if told["convex"] == "no":
        return [f"no: {told['counter_example']}", f"  for the rules: {why}"]
    return [f"not known; no rule for {why}"]


MOST_OBSTACLES = 3


def _bounded(name: str, lower: float | None, upper: float | None) -> str:
    if lower == upper and lower is not None:
        return f"{name} = {lower:g}"
    if lower is not None and upper is not None:
        return f"{lower:g} <= {name} <= {upper:g}"
    return f"{name} >= {lower:g}" if lower is not None else f"{name} <= {upper:g}"


ORDERS = ("jumps", "its slope jumps", "its curvature jumps")


def _kink_lines(told: Facts) -> list[str]:
    found = [f"{ORDERS[kink['order']]}: `{kink['text']}`" for kink in told["kinks"]]
    for term in told["proximal"]:
        over = f" over {', '.join(term['over'])}" if term["over"] else ""
        if term["kind"] == "group":
            over = f" over the groups of `{term['groups']}`"
        kind = "l1" if term["kind"] == "l1" else "norm"
        found.append(
            f"known proximal step: {kind} term on `{term['param']}`{over}, weight {term['weight']}"
        )
    return found or ["none"]


def _curvature_lines(told: Facts) -> list[str]:
    bound = told["curvature"]
    if bound is None:
        return ["no bound known"]
    where = "the same everywhere" if bound["constant"] else "bounded by that at parameters of 0"
    if told.get("lipschitz") is None:
        return [where]
    return [
        f"{where}: at most L = {told['lipschitz']:.4g}",
        f"  gradient descent is safe up to lr = 1/L = {told['safe_rate']:.3g}",
    ]


def _cost_lines(told: Facts) -> list[str]:
    per = "per row" if told["row"] is not None else "in all"
    found = [f"{polynomial(told['operations'])} operations {per} for value and gradient"]
    if told["bytes"]:
        found.append(f"{polynomial(told['bytes'])} bytes of data {per}")
    if "sizes" in told:
        sizes = ", ".join(f"{dim} = {size:,}" for dim, size in told["sizes"].items())
        counts = " and ".join(
            f"{evaluated(told[key], told['sizes']):,} {key}" for key in ("operations", "bytes")
        )
        found.append(f"with {sizes}: {counts}" if sizes else f"in numbers: {counts}")
    return found


def polynomial(terms: Sequence[Facts]) -> str:
    """`4*d + 18` from counts by dimensions."""
    return " + ".join("*".join([str(t["times"]), *t["dims"]]) for t in terms) or "0"


def evaluated(terms: Sequence[Facts], sizes: Mapping[str, int]) -> int:
    """The same with the sizes of dimensions put in."""
    total = 0
    for term in terms:
        times = int(term["times"])
        for dim in term["dims"]:
            times *= sizes[dim]
        total += times
    return total
