"""Every model of the zoo and every example, emitted, against the reference at 50 digits."""

import numpy as np
import pytest
from models import EVERY, EXAMPLES, TABLES, TEXTS, case
from oracle import check_calculus, check_module, far

WITH_ROWS = [name for name in EVERY if "\ndata" in TEXTS[name]]
PREDICTING = [name for name in EVERY if "\npredict" in TEXTS[name]]
# Not linear in their row totals, rows paired with rows, or without rows.
BIASED = [
    *["gaussian_process", "kernel_regression", "process", "relevance"],
    *["choice", "cox", "exponential", "parts", "portfolio", "predators", "steps"],
    *["himmelblau", "quadratic", "rastrigin", "rosenbrock"],
]


def test_every_example_is_here():
    assert sorted(TABLES) == sorted(path.stem for path in EXAMPLES.glob("*.gd"))


@pytest.mark.parametrize("name", EVERY)
def test_rewriting_deriving_and_lowering_keep_value_and_gradient(name):
    check_calculus(case(name))


@pytest.mark.parametrize("name", EVERY)
def test_the_module_agrees_with_the_reference(name):
    check_module(case(name))


# -- lets and predictions ------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_the_trace_has_the_lets_as_the_reference_has_them(name):
    model = case(name)
    trace = model.problem.trace(model.theta)

    for let in model.stages.model.lets:
        built = model.array(model.stages.built.lets[let.name], let.expr.dims, model.theta)
        found = np.broadcast_to(trace[let.name], built.shape)
        assert far(found, built, np.max(np.abs(built))) < 1e-13


@pytest.mark.parametrize("name", WITH_ROWS)
def test_the_trace_of_some_rows_is_that_part_of_the_trace(name):
    model = case(name)
    rows = np.array([3, 0, 5])
    everything, some = model.problem.trace(model.theta), model.problem.trace(model.theta, rows)

    assert everything.keys() == some.keys()
    for let in model.stages.model.lets:
        whole, part = everything[let.name], some[let.name]
        if model.module.ROW in let.expr.dims and np.ndim(whole):
            whole = np.take(whole, rows, let.expr.dims.index(model.module.ROW))
        np.testing.assert_allclose(part, whole, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", PREDICTING)
def test_predictions_are_those_of_the_reference(name):
    model = case(name)
    problem = model.problem
    needed = {d for entry in model.module.PREDICTIONS for d in entry["data"]}
    arguments = {d: array for d, array in model.data.items() if d in needed}

    found = model.module.predict(
        model.theta,
        **arguments,
        dims=problem.dims,
        stats=problem.stats_at(model.theta),
        **problem.consts,
    )

    for prediction in model.stages.model.predictions:
        node = model.stages.built.predictions[prediction.name]
        exact = model.array(node, prediction.expr.dims, model.theta)
        assert found[prediction.name].shape == exact.shape
        assert far(found[prediction.name], exact, np.max(np.abs(exact))) < 1e-13


# -- schedules -----------------------------------------------------------------------------------


def evaluated(module, problem, theta):
    value, gradient = problem.value_and_grad(theta)
    return np.array([value, problem.loss(theta), *gradient])


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("block_rows", [1, 2, 4])
def test_small_blocks_give_what_one_block_gives(name, block_rows, monkeypatch):
    model = case(name)
    whole = evaluated(model.module, model.problem, model.theta)
    for constant, size in {"SMALL_BYTES": 0, "SMALL_ROWS": 0, "FEWEST_ROWS": 1}.items():
        monkeypatch.setattr(model.module, constant, size)
    monkeypatch.setattr(model.module, "MOST_ROWS", block_rows)
    monkeypatch.setattr(model.module, "SUPER_BLOCKS", 3)

    problem = model.module.bind(**model.data, **model.options)

    if model.module.ROW and not model.module.WHOLE:
        assert len(list(problem._blocks)) == -(-problem.n_rows // block_rows)
    found = evaluated(model.module, problem, model.theta)
    np.testing.assert_allclose(found, whole, rtol=1e-13, atol=1e-13 * np.max(np.abs(whole)))


@pytest.mark.parametrize("name", WITH_ROWS)
def test_partial_merge_and_finish_by_hand_give_the_same(name):
    model = case(name)
    module, theta = model.module, model.theta
    if module.WHOLE:
        pytest.skip("one block holds every row")
    parts = [slice(0, 4), slice(4, 5), slice(5, 5), slice(5, None)]
    blocks = [block_of(module, model, rows) for rows in parts if rows != slice(5, 5)]

    totals = module.prepare(blocks, dims=model.options.get("dims"))
    acc = module.empty(totals)
    for stage in range(module.PASSES):
        if stage:
            acc = module.empty(totals, after=acc)
        other = module.empty(totals, after=None)
        other.stage, other.known = acc.stage, acc.known
        other.sums = dict.fromkeys(acc.sums, 0.0)
        module.partial(theta, blocks[2], totals, other)
        module.partial(theta, blocks[0], totals, other)
        module.partial(theta, blocks[1], totals, acc)
        module.merge(acc, other)
    value, gradient = module.finish(theta, acc, totals)

    expected, slope = model.problem.value_and_grad(theta)
    scale = max(1, np.max(np.abs(slope)))
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    np.testing.assert_allclose(gradient, slope, rtol=1e-13, atol=1e-13 * scale)


def block_of(module, model, rows):
    """The rows of every table, as `partial` takes them: codes are integers, tables float64."""
    block = []
    for entry in module.DATA:
        array = model.problem._blocks.arrays[len(block)]
        if module.ROW in entry["dims"]:
            index = [slice(None)] * len(entry["dims"])
            index[entry["dims"].index(module.ROW)] = rows
            array = array[tuple(index)]
        block.append(array)
    return block


@pytest.mark.parametrize("name", EVERY)
def test_the_stateless_forms_give_what_the_bound_problem_gives(name):
    model = case(name)
    module, theta, problem = model.module, model.theta, model.problem
    arguments = {**model.data, **model.options}
    value, gradient = module.value_and_grad(theta, **arguments)

    assert module.value(theta, **arguments) == value == problem.value(theta)
    assert np.array_equal(module.grad(theta, **arguments), gradient)
    assert np.array_equal(problem.grad(theta), gradient)
    assert np.array_equal(module.init(**arguments, seed=3), problem.init(seed=3))
    assert np.array_equal(module.pack(**module.unpack(theta, **arguments)), theta)


@pytest.mark.parametrize("name", [n for n in EVERY if n not in BIASED])
def test_batches_of_one_row_average_to_the_whole(name):
    model = case(name)
    problem, theta = model.problem, model.theta
    ones = [problem.batch_value_and_grad(theta, [row]) for row in range(problem.n_rows)]
    value, gradient = problem.value_and_grad(theta)
    scale = max(1, abs(value), np.max(np.abs(gradient)))

    np.testing.assert_allclose(np.mean([v for v, _ in ones]), value, rtol=1e-12)
    mean = np.mean([g for _, g in ones], axis=0)
    np.testing.assert_allclose(mean, gradient, rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("name", BIASED)
def test_a_batch_that_would_be_biased_is_refused(name):
    model = case(name)

    with pytest.raises(ValueError, match="would be biased"):
        model.problem.batch_value_and_grad(model.theta, [0])
