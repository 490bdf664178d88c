"""The checked model: what `check` hands to the calculus. Frozen values, every name resolved.

An expression's type is `dims`: the names of its axes in order, `()` for a scalar; a dimension may
stand twice (`S[d, d]`). Sums and products are n-ary, so that a sum of 300 terms is one node deep.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gdsym.errors import Source, Span

Dims = tuple[str, ...]


# -- expressions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number: `0.1` is one tenth."""

    value: Fraction
    span: Span
    dims: Dims = ()


@dataclass(frozen=True, slots=True)
class Constant:
    """`pi` or `inf`."""

    name: str
    span: Span
    dims: Dims = ()


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a dimension, as a number."""

    dim: str
    span: Span
    dims: Dims = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A data, parameter, constant or let by its name (unique in the file)."""

    name: str
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """An element-wise operator or function of the table, arguments aligned by dimension name.

    Operators: `add` and `mul` (n-ary), `neg`, `inv` (`a/b` is `mul(a, inv(b))`), `pow`,
    `lt le gt ge eq ne`, `and or not` (1 and 0). Everything else is a name of
    `functions.FUNCTIONS`. An argument whose dims equal `dims` aligns by position, any other by
    name; a dimension that no argument has is broadcast.
    """

    function: str
    args: tuple[Expr, ...]
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Broadcast:
    """`arg`, whose dims are a subset, repeated along the other axes of `dims`."""

    arg: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class MatMul:
    """Contracts the last axis of `left` with the first of `right`."""

    left: Expr
    right: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Transpose:
    """The axes in reverse order."""

    arg: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Reduce:
    """`sum mean var logsumexp norm norm1 min max prod` over `axes`, which are not in `dims`.

    A reduction without brackets has all of its argument's axes here; then `dims` is `()`.
    """

    function: str
    axes: Dims
    arg: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Softmax:
    """`softmax` or `log_softmax` along `axes`; `dims` are the argument's."""

    function: str
    axes: Dims
    arg: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Relabel:
    """`arg` with some axes under another name of the same size: `X[m]` with `dim m like n`."""

    arg: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Label:
    """One labelled entry of a dimension, as an index: the `"age"` of `w["age"]`."""

    dim: str
    label: str
    span: Span
    dims: Dims = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Category data as codes of `dim`: each code plus `by`, kept within the dimension.

    It is how cut points are read: with `dim j = k - 1`, the code y of `k` lies between the
    entries y - 1 and y of `j`. What lies beyond an end is for a comparison to tell.
    """

    index: Ref
    by: int
    dim: str
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Take:
    """`arg` with some axes indexed: one entry of `indices` per axis of `arg`.

    None keeps the axis; a `Ref` to category data of that axis's dimension, or a `Label`, replaces
    it by the index's own axes. An axis of an index that `arg` keeps under the same name is the
    same axis (`Z[y]` with `Z[n, k]`, `y[n] in k` is `[n]`), and so are equal axes of two indices.
    The result's axes stand in the order in which they first appear, axis by axis.
    """

    arg: Expr
    indices: tuple[Ref | Label | Shift | None, ...]
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class OneHot:
    """`onehot(y)`: the axes of `y`, then its category dimension."""

    index: Ref
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Standardize:
    """`standardize(X)`: over the row axis, mean 0 and population deviation 1, learnt in training.

    `arg` depends on data alone and has the row axis.
    """

    arg: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Train:
    """`train(EXPR)`: computed once on the training data, from data alone, and kept in the fit."""

    arg: Expr
    dims: Dims
    span: Span


@dataclass(frozen=True, slots=True)
class Linear:
    """Linear algebra: `trace det logdet inv solve outer diag sqdist` of matrices and vectors.

    The dims of `inv` are those of its argument in reverse, those of `solve` the last of the matrix
    and then the other ones of the right side. `eye` has no argument, and its dims.
    """

    function: str
    args: tuple[Expr, ...]
    dims: Dims
    span: Span


Expr = (
    Number
    | Constant
    | Size
    | Ref
    | Apply
    | Broadcast
    | MatMul
    | Transpose
    | Reduce
    | Softmax
    | Relabel
    | Label
    | Shift
    | Take
    | OneHot
    | Standardize
    | Train
    | Linear
)


# -- declarations ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Domain:
    """What values are allowed. Bounds are numbers; `values` a finite set such as (0, 1).

    A `structure` holds along `axis`, for every combination of the other axes: `simplex` (at least
    0 and of sum 1; its bounds are 0 and 1, open where `and > 0` opens it), `ordered` (strictly
    increasing), `base` (0 at `level`, at the first level where that is None), `sumzero`.
    """

    lower: float = float("-inf")
    upper: float = float("inf")
    lower_open: bool = False  # `> a`; meaningless where the bound is infinite
    upper_open: bool = False
    integer: bool = False  # `in integers`, `in counts`
    values: tuple[float, ...] | None = None  # `in {0, 1}`, in the order written
    labels: tuple[str, ...] | None = None  # `in {0: "no", 1: "yes"}`: one per value
    category: str | None = None  # `in k`: codes 0..k-1 of that dimension
    structure: str | None = None  # `simplex`, `ordered`, `base` or `sumzero` along `axis`
    axis: str | None = None
    level: str | None = None  # the label of `in base[k="north"]`
    text: str = ""  # as the user wrote it, for messages


@dataclass(frozen=True, slots=True)
class Columns:
    """`from ...`: columns by name, by pattern, or every numeric one that nothing else claims."""

    names: tuple[str, ...] = ()  # `from "price"`, `from ["age", "bmi"]`
    pattern: str | None = None  # `from "pix*"`
    every: bool = False  # `from *`
    excluded: tuple[str, ...] = ()  # `except ["id"]`


@dataclass(frozen=True, slots=True)
class Dim:
    """A dimension. `size` and `labels` where the text declares them, also through another's.

    The dimension that this one is like is like none itself; that of `less` may be any.
    """

    name: str
    size: int | None
    labels: tuple[str, ...] | None
    doc: str
    span: Span
    like: str | None = None  # another dimension, of the same size and labels
    less: tuple[str, int] | None = None  # `k - 1`: another dimension's size less a number


@dataclass(frozen=True, slots=True)
class Data:
    name: str
    dims: Dims
    domain: Domain
    columns: Columns | None  # None: the column or array of the same name
    default: Expr | None
    doc: str
    span: Span  # of the name


@dataclass(frozen=True, slots=True)
class Draw:
    """A seeded start: `normal(mean, sd)` or `uniform(low, high)`; arguments as for an init."""

    distribution: str
    args: tuple[Expr, Expr]
    span: Span


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    dims: Dims
    domain: Domain
    fixed: bool
    init: Expr | Draw | None  # of numbers, sizes and constants only; None: by the domain
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class Const:
    name: str
    dims: Dims
    domain: Domain
    value: Expr | tuple[Expr, ...] | None  # a tuple for `= [0.1, 0.5]`; None: must be given
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    name: str
    expr: Expr  # its dims are the let's: brackets have been checked or broadcast to
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class Objective:
    """`loss`, `maximize`, `nll`, `loglik` or `residual`, as written: signs are not yet applied.

    With `observe` statements it is an `nll`: the sum of the written one and minus the logarithm
    of each density, whose parts all have the place `y ~ normal(mean, sd)`.
    """

    kind: str
    expr: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Prediction:
    name: str
    expr: Expr
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class Claim:
    """A hand-derived formula: `quantity` is `grad`, `hess`, `hvp` or `loss`.

    `names` are one parameter, two, a parameter and a direction, or none. The expression has the
    dims of the parameter; of the first and then the second; of the parameter; none. The direction
    is a `Ref` in it that is declared nowhere else and has the parameter's dims.
    """

    quantity: str
    names: tuple[str, ...]
    expr: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Schedule:
    """An option that changes with the step: a scalar over `t`, counted from 1, and `T`."""

    text: str  # as the user wrote it
    expr: Expr


@dataclass(frozen=True, slots=True)
class Method:
    """`method NAME(option=value)`; options are numbers, names (`shuffle=rows`) or schedules."""

    name: str
    options: tuple[tuple[str, float | str | Schedule], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Model:
    """A whole file. `row` is the row dimension, None in a file without data."""

    source: Source
    name: str
    doc: str
    dims: tuple[Dim, ...]
    row: str | None
    data: tuple[Data, ...]
    params: tuple[Param, ...]
    consts: tuple[Const, ...]
    lets: tuple[Let, ...]
    objective: Objective
    penalties: tuple[Expr, ...]
    predictions: tuple[Prediction, ...]
    method: Method | None
    priors: tuple[Expr, ...] = ()  # -log p of each `prior`, a scalar
    claims: tuple[Claim, ...] = ()

    def aliases(self, dim: str) -> tuple[str, ...]:
        """The dimensions that are like `dim`, directly or through another."""
        found = [dim]
        for name in found:
            found += [other.name for other in self.dims if other.like == name]
        return tuple(found[1:])

    def declared(self) -> list[tuple[str, str, Dims]]:
        """Kind, name and dims of every data, parameter and constant, in this order."""
        return [
            *(("data", item.name, item.dims) for item in self.data),
            *(("param", item.name, item.dims) for item in self.params),
            *(("const", item.name, item.dims) for item in self.consts),
        ]


# -- optimizer files ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    default: float
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class State:
    """A state of the rule; `scalar` or a vector like x. `init` may use x0 and the options."""

    name: str
    scalar: bool
    init: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Assignment:
    """`let NAME = EXPR` (a new name) or `update NAME = EXPR` (x or a state), in file order."""

    keyword: str
    name: str
    expr: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimizer file. Vectors have dims `("p",)`: x, g, x0 and the vector states.

    Scalars: t (counted from 1), T, f, the options, the scalar states.
    """

    source: Source
    name: str
    doc: str
    options: tuple[Option, ...]
    states: tuple[State, ...]
    body: tuple[Assignment, ...]
