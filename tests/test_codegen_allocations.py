"""What a kernel allocates, once its buffers are there, does not grow with the rows of a block."""

import tracemalloc

import numpy as np
import pytest
from models import EVERY, case

from gdsym.cache import load_module
from gdsym.codegen.module import module_text

# Longer than the pieces in which functions without `out=` are evaluated.
FEW, MANY = 20_000, 40_000
# einsum takes a diagonal of the largest array of this Hessian.
COPIED_FOR_HESSIAN = {"cholesky"}
# Buffers that numexpr takes now and then, of 8192 numbers.
OF_ITS_OWN = {"numexpr": 2**16}
WIDEST = 100  # numbers a row that a Hessian may need here: 32 MB


def in_one_block(monkeypatch, model, module, rows):
    """The model bound to its own rows again and again, all of them in one block."""
    for name in ("SMALL_BYTES", "SMALL_ROWS", "WIDE_BYTES"):
        monkeypatch.setattr(module, name, 2**60)
    at = np.arange(rows) % model.problem.n_rows
    data = {
        entry["arg"]: np.take(model.data[entry["name"]], at, entry["dims"].index(module.ROW))
        if module.ROW in entry["dims"]
        else model.data[entry["name"]]
        for entry in module.DATA
        if entry["name"] in model.data
    }
    sizes = {dim: info for dim, info in model.problem.dims.items() if dim != module.ROW}
    return module.bind(**data, **{**model.options, "dims": sizes}, threads=1)


def peak(evaluate):
    """The most memory that a call has beside what earlier calls have left."""
    evaluate()
    tracemalloc.start()
    evaluate()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize(
    ("name", "backend"),
    [*((name, "numpy") for name in EVERY), *((name, "numexpr") for name in EVERY[::4])],
)
def test_no_array_by_rows_is_allocated_in_a_second_call(name, backend, monkeypatch):
    model = case(name)
    module = model.module
    if backend != "numpy":
        made = model.stages
        module = load_module(module_text(made.plan, made.derived, [], "0", backend=backend))
    if module.ROW is None or module.WHOLE:
        pytest.skip("its rows are not taken by blocks")
    theta, problem = model.theta, model.problem
    evaluations = {
        "value and gradient": lambda problem: problem.value_and_grad(theta),
        "Hessian along a direction": lambda problem: problem.hvp(theta, theta),
        "Hessian": lambda problem: problem.hess(theta),
    }
    if name in COPIED_FOR_HESSIAN or module._width(problem._totals.dims, 2) > WIDEST:
        del evaluations["Hessian"]

    few, many = (in_one_block(monkeypatch, model, module, rows) for rows in (FEW, MANY))
    grown = {
        what: peak(lambda f=evaluate: f(many)) - peak(lambda f=evaluate: f(few))
        for what, evaluate in evaluations.items()
    }

    less_than_a_number_each = 8 * (MANY - FEW) / 4 + OF_ITS_OWN.get(backend, 0)
    assert {what: more for what, more in grown.items() if more > less_than_a_number_each} == {}
