"""`gdsym.check_gradient`: claims of a model, a function against a model, a loss and a gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gdsym.errors import UsageError
from gdsym.gradcheck.check import POINTS, SECONDS, check_claims, source_of
from gdsym.gradcheck.report import Report

if TYPE_CHECKING:  # a check of claims does not wait for the others
    from gdsym.gradcheck.functions.places import Place
    from gdsym.gradcheck.functions.report import FunctionReport


def check_gradient(
    model: Any,
    gradient: Any = None,
    *,
    data: Any = None,
    arrays: Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    wrt: str | Sequence[str] = (),
    map: Mapping[str, str] | None = None,
    flat: bool = False,
    at: Any = None,
    shapes: Any = None,
    params: Any = None,
    points: int = POINTS,
    seed: int = 0,
    seconds: float = SECONDS,
) -> Report | FunctionReport:
    """Is a gradient right? Which question is asked tells what is given.

    `check_gradient(model)`: the claims of a model text, a path or a compiled model.
    `check_gradient(model, gradient)`: a function, or `"file.py:function"`, against the model. It
    is called with the model's names as keyword arguments and returns an array for one parameter,
    a tuple in declared order, a dict by name, one vector, or `(loss, gradient)`.
    `check_gradient(loss, gradient, shapes="X=n,d y=n w=d")`: two functions that are written in
    NumPy, as formulas; `shapes` and `params` are those of `gdsym.trace`.
    `check_gradient(loss, gradient, at=x)`: two functions of one array, against differences.

    data, arrays: the user's data, as for `fit`, in place of random ones; set: constants. wrt: the
    parameters whose gradients are returned. map: what arguments are, `{"theta": "w"}`.
    flat: the parameters come as one vector. points: how many random points. seconds: the time for
    one proof, or for one call of a function that is named `"file.py:function"`; a function object
    is called in this process and is waited for. Raises `GdsymError` for what cannot be checked.
    """
    if gradient is None:
        return check_claims(model, points=points, seed=seed, seconds=seconds)
    from gdsym.gradcheck.functions.callee import callee

    if shapes is not None:
        from gdsym.gradcheck.trace.front import check_traced

        return check_traced(
            model, gradient, shapes, params, points=points, seed=seed, seconds=seconds
        )
    named = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    if at is not None or _is_function(model):
        from gdsym.gradcheck.functions.numeric import check_numerically

        if at is None:
            raise UsageError(
                "a loss without a model is checked at a point: at=x, or --at x.npy\n"
                "help: one that is written in NumPy can be traced: shapes=..., or --shapes"
            )
        with callee(model, seconds) as loss, callee(gradient, seconds) as own:
            return check_numerically(loss, own, at, seed=seed)
    from gdsym.gradcheck.functions.against import check_against

    text, name = source_of(model)
    given = data is not None or bool(arrays)
    with callee(gradient, seconds) as own:
        return check_against(
            text,
            name,
            own,
            data=_places(model, data, arrays or {}, set or {}) if given else None,
            wrt=named,
            renamed=map,
            flat=flat,
            points=points,
            seed=seed,
        )


def _is_function(model: Any) -> bool:
    if isinstance(model, str):
        place, _, name = model.rpartition(":")
        return bool(place) and name.replace(".", "_").isidentifier() and "\n" not in model
    return callable(model)


def _places(
    model: Any, data: Any, arrays: Mapping[str, Any], settings: Mapping[str, Any]
) -> Callable[[int, int], Sequence[Place]]:
    from gdsym.gradcheck.functions.places import on_data

    return lambda count, seed: on_data(model, data, arrays, settings, count, seed)
