"""The benchmarks: contenders agree, what they took becomes the page; times are not asserted."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import bars, fits, linear, results
from benchmarks.about import ABOUT
from benchmarks.cases import Case, all_cases
from benchmarks.machine import HEAPS, Ticks, busy
from benchmarks.page import pages
from benchmarks.plot import ANOTHER
from benchmarks.processes import done, peak
from benchmarks.race import Contender, Measured, Race, Taken, close, run

ROOT = Path(__file__).parents[1]
# Why a contender may be missing on the machine of this test: its library, or a backend of ours.
ABSENT = "is not installed", "no backend", "numba"
MACHINE = {"processor": "a", "cores": 2, "memory": 8, "system": "Linux", "python": "3.11"}
MACHINE |= {"blas": "openblas", "libraries": {"numpy": "2.4"}}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """What the set of the smallest cases writes."""
    folder = tmp_path_factory.mktemp("docs")
    words = [sys.executable, "-m", "benchmarks", "--tiny", "-o", str(folder)]
    answer = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert answer.returncode == 0, answer.stderr
    return folder


def test_all_contenders_of_the_smallest_cases_agree_with_ours(tiny):
    results = json.loads((tiny / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    records = {record["case"]: record for record in results["records"]}

    assert list(records) == [case.name for case in all_cases() if case.tiny]
    for name, record in records.items():
        wrong = {who: why for who, why in record["left_out"].items() if not _absent(why)}
        assert wrong == {}, name
        assert bars.best(record) is not None, name
        assert len(record["amounts"]) >= 2, name
        assert all(math.isfinite(a) for found in record["amounts"].values() for a in found)


def _absent(why: str) -> bool:
    return any(part in why for part in ABSENT)


def test_the_page_shows_every_case_and_its_plots_are_svg(tiny):
    page = (tiny / "benchmarks.md").read_text(encoding="utf-8")
    plots = list((tiny / "benchmarks").glob("*.svg"))

    for case in all_cases():
        assert (f"| {case.name} |" in page) == case.tiny
    assert len(plots) == page.count("](benchmarks/") > 5
    for plot in plots:
        assert xml.fromstring(plot.read_text(encoding="utf-8")).tag.endswith("svg")


def test_a_peer_has_one_colour_in_all_plots_and_none_of_a_plot_share_theirs(tiny):
    for path in (tiny / "benchmarks").glob("*.svg"):
        marks = xml.fromstring(path.read_text(encoding="utf-8"))
        keys = [circle for circle in marks if circle.tag.endswith("circle") and not len(circle)]
        colours = [circle.get("fill") for circle in keys]

        assert keys
        assert ANOTHER not in colours
        assert len(set(colours)) == len(colours)


def test_every_family_has_a_text_about_it(tiny):
    page = (tiny / "benchmarks.md").read_text(encoding="utf-8")

    assert {case.family for case in all_cases()} == set(ABOUT)
    for family in {case.family for case in all_cases() if case.tiny}:
        assert f"### {family}\n\n{ABOUT[family].strip()}\n\n" in page


def test_the_full_set_is_expected_to_take_less_than_three_quarters_of_an_hour():
    cases = [case for case in all_cases() if not case.tiny]

    assert sum(case.takes * len(case.heaps) for case in cases) < 45 * 60
    assert sum(case.takes * len(case.quick) for case in cases) < 6 * 60


def test_every_family_has_a_tiny_case_and_all_names_differ():
    cases = all_cases()

    heavy = {"Memory of command lines"}  # the command lines of another family, with another scale
    assert {c.family for c in cases if c.tiny} == {c.family for c in cases} - heavy
    assert len({case.name for case in cases}) == len(cases)
    assert {c.family for c in cases if c.quick} == {c.family for c in cases} - heavy
    assert all(set(case.quick) <= set(case.heaps) for case in cases)


def test_every_bar_is_about_cases_that_exist():
    names = [case.name for case in all_cases() if not case.tiny]

    for bar in bars.BARS:
        for pattern in bar.cases:
            assert any(bars._matches(name, [pattern]) for name in names), pattern
    assert {limit.case for limit in bars.LIMITS} <= set(names)


# -- a race


def _vector(*numbers: float) -> Contender:
    return Contender("peer", lambda: lambda: np.array(numbers))


def _raced(*contenders: Contender) -> Taken:
    told: list[Taken] = []
    run(Race(contenders, close(1e-9, 0), rounds=3), 10.0, told.append, ())
    return told[-1]


def test_a_contender_with_another_answer_is_named_and_not_timed():
    ours = Contender("gdsym numpy", lambda: lambda: np.array([1.0, 2.0]))

    taken = _raced(ours, _vector(1.0, 2.0 + 1e-6))

    assert list(taken.amounts) == ["gdsym numpy"]
    assert len(taken.amounts["gdsym numpy"]) == 3
    assert taken.left_out["peer"].startswith("another answer: Not equal to tolerance")


def test_a_contender_that_fails_or_is_missing_is_left_out_with_the_reason():
    def fails() -> object:
        raise ValueError("no\nmore")

    def missing() -> object:
        import a_library_that_is_not_there  # noqa: F401

    ours = Contender("gdsym numpy", lambda: lambda: np.array([1.0]))
    taken = _raced(ours, Contender("one", fails), Contender("other", missing), _vector(1.0))

    assert taken.left_out == {
        "one": "ValueError: no",
        "other": "a_library_that_is_not_there is not installed",
    }
    assert list(taken.amounts) == ["gdsym numpy", "peer"]


def test_a_race_has_five_rounds_however_long_they_take_and_one_for_no_seconds():
    def rounds(seconds: float) -> int:
        told: list[Taken] = []
        run(Race((_vector(1.0),), close(0, 0), rounds=7), seconds, told.append, ())
        return len(told[-1].amounts["peer"])

    assert [rounds(60.0), rounds(1e-9), rounds(0.0)] == [7, 5, 1]


def test_what_a_contender_measures_itself_is_taken_as_it_says():
    amounts = iter([5.0, 7.0, 6.0])
    own = Contender("gdsym numpy", lambda: lambda: Measured(next(amounts), np.ones(1)))

    assert _raced(own).amounts == {"gdsym numpy": [5.0, 7.0, 6.0]}


def test_a_contender_that_ends_the_process_costs_only_itself(monkeypatch):
    case = Case("logistic 1e4x100", linear.FAMILY, lambda: Race((), close(0, 0)))
    calls = []

    def worked(cases, more, without, seconds, limit):
        calls.append(list(without))
        at = "" if "PyTorch" in without else "PyTorch"
        return [{"case": case.name, "unit": "s", "amounts": {}, "left_out": {}, "at": at}]

    monkeypatch.setattr(command, "worked", worked)
    records = command.measured((case,), "default", {}, None)

    assert calls == [[], ["PyTorch"]]
    assert records[0]["family"] == linear.FAMILY


def test_a_race_that_is_late_keeps_its_rounds_and_one_that_is_stuck_names_who_it_is():
    def line(amounts: dict[str, list[float]], at: str) -> str:
        return json.dumps({"case": "a", "amounts": amounts, "at": at}) + "\n"

    stuck = [line({}, "gdsym numpy"), line({}, "JAX"), "a word of a library\n"]
    racing = [*stuck, line({"gdsym numpy": [1.0], "JAX": [2.0]}, "JAX"), '{"case": "a", "amou']

    assert command.last_words(stuck, late=True)[0]["at"] == "JAX"
    assert command.last_words(racing, late=False)[0]["at"] == "JAX"
    (found,) = command.last_words(racing, late=True)
    assert found == {"case": "a", "amounts": {"gdsym numpy": [1.0], "JAX": [2.0]}, "at": ""}
    assert command.last_words([], late=True) == []


def test_a_process_that_lacks_a_library_or_fails_says_so():
    with pytest.raises(ModuleNotFoundError) as missing:
        done([sys.executable, "-c", "import not_there.part"])
    assert missing.value.name == "not_there"

    with pytest.raises(RuntimeError, match=r"^ValueError: first$"):
        done([sys.executable, "-c", "raise ValueError('first\\nsecond')"])


def test_the_peak_of_a_process_is_its_own_however_large_the_one_is_that_started_it():
    held = b"x" * 3 * 10**8
    text, least = peak([sys.executable, "-c", "print('done')"])
    _, most = peak([sys.executable, "-c", "b'x' * 10**8"])

    assert text == "done"
    assert len(held) > 5e6 * least
    assert most - least == pytest.approx(100, abs=20)


def test_a_case_that_needs_more_memory_than_is_free_is_not_run():
    case = Case("large", linear.FAMILY, lambda: Race((), close(0, 0)), megabytes=1e12)

    (record,) = command.measured((case,), "default", {}, None)

    assert "needs 1000000000000 MB" in record["skipped"]
    text = pages({"set": "full", "machine": MACHINE, "records": [record]})["benchmarks.md"]
    assert "Not run: large, default heap: needs 1000000000000 MB" in text


def test_the_share_of_others_is_what_neither_this_process_had_nor_was_idle():
    before, after = Ticks(100.0, 40.0, 5.0), Ticks(120.0, 48.0, 11.0)

    assert busy(before, after) == pytest.approx((20 - 8 - 6) / 20)
    assert busy(before, Ticks(120.0, 55.0, 11.0)) == 0.0
    assert busy(before, before) == 0.0


def test_the_gradient_at_a_fit_is_summed_over_parts_of_the_rows():
    data = fits.separable_by_noise(fits.PART + 7, 3)
    theta = np.array([0.3, -0.2, 0.1, 0.5])
    share = 1 / (1 + np.exp(-(data["X"] @ theta[:3] + theta[3]))) - data["y"]
    gradient = np.append(data["X"].T @ share, share.sum()) / len(share)

    assert fits._norm(data, theta) == pytest.approx(np.max(np.abs(gradient)), rel=1e-12)


# -- results that are kept


def _results(*records: dict[str, object]) -> dict[str, object]:
    return {"machine": {**MACHINE, "system": "here"}, "records": list(records)}


def test_a_record_takes_the_place_of_the_same_case_and_heap_in_the_order_of_the_cases():
    kept = _results(_record("b"), _record("a", "kept", NumPy=[1.0]), _record("gone"))
    places = [("a", "default"), ("a", "kept"), ("b", "default"), ("b", "kept")]
    order = {place: i for i, place in enumerate(places)}

    results.add(kept, {**_record("a", "kept", NumPy=[2.0]), "at": ""}, order)
    results.add(kept, _record("a"), order)

    assert [results.key(record) for record in kept["records"]] == places[:3]
    assert kept["records"][1] == _record("a", "kept", NumPy=[2.0])
    assert json.loads(results.text_of(kept)) == kept


def test_figures_of_another_machine_or_other_versions_are_not_added_to(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(results.text_of(_results(_record("a"))), encoding="utf-8")

    same = results.continued(path, {**MACHINE, "system": "Linux 7"})
    assert len(same["records"]) == 1
    assert results.continued(tmp_path / "none.json", MACHINE)["records"] == []
    with pytest.raises(results.Unlike) as error:
        results.continued(path, {**MACHINE, "cores": 4, "libraries": {"jax": "1", "numpy": "2.5"}})
    assert str(error.value) == (
        "cores was 2, is 4; numpy was 2.4, is 2.5; jax was not there, is 1"
    )


def test_a_run_that_was_interrupted_keeps_its_figures_and_is_resumed(tmp_path, monkeypatch):
    asked: list[tuple[str, str]] = []

    def measured(cases, heap, more, seconds):
        asked.append((cases[0].name, heap))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return [{**_record(cases[0].name, heap, gdsym_numpy=[1.0]), "at": ""}]

    def main(*options: str) -> int:
        words = ["benchmarks", "--full", "--only", "misra*", "-o", str(tmp_path), *options]
        monkeypatch.setattr(sys, "argv", words)
        return command.main()

    monkeypatch.setattr(command, "measured", measured)
    assert main() == command.INTERRUPTED
    kept = json.loads((tmp_path / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    assert [results.key(record) for record in kept["records"]] == asked[:2]
    assert "| misra 1e6 |" in (tmp_path / "benchmarks.md").read_text(encoding="utf-8")

    assert main("--resume") == 0
    kept = json.loads((tmp_path / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    names = ("misra 1e6", "misra 1e7")
    assert asked[2:] == [asked[2], asked[2], *asked[4:]]
    assert len(asked) == 5  # two, the one that was interrupted, and the two that were missing
    assert {results.key(r) for r in kept["records"]} == {(n, h) for n in names for h in HEAPS}
    assert kept["set"] == "partial"


def test_records_of_all_cases_with_all_their_heaps_are_the_full_set():
    cases = [case for case in all_cases() if not case.tiny]
    records = [_record(case.name, heap) for case in cases for heap in case.heaps]

    assert results.extent(_results(*records), all_cases()) == "full"
    assert results.extent(_results(*records[1:]), all_cases()) == "partial"


# -- the page


def _record(case: str, heap: str = "default", **amounts: list[float]) -> dict[str, object]:
    found = {who.replace("_", " "): times for who, times in amounts.items()}
    about = {"case": case, "family": linear.FAMILY, "heap": heap, "unit": "s"}
    return {**about, "amounts": found, "left_out": {}}


def test_a_ratio_is_the_median_over_rounds_to_the_best_of_ours():
    record = _record(
        "logistic 1e5x10",
        gdsym_numpy=[4.0, 4.0, 4.0],
        gdsym_numba=[1.0, 2.0, 4.0],
        JAX=[3.0, 4.0, 4.0],
    )

    assert bars.best(record) == "gdsym numba"
    assert bars.ratio(record, "JAX", "gdsym numba") == 2.0  # of 3, 2 and 1


def test_a_missed_bar_is_red_with_the_worst_case_and_a_bar_that_is_met_is_not():
    records = [
        _record("logistic 1e5x10", gdsym_numpy=[1.0], NumPy=[2.0], JAX=[0.8]),
        _record("poisson 1e5x10", gdsym_numpy=[1.0], NumPy=[3.0], JAX=[4.0]),
    ]
    text = pages({"set": "full", "machine": MACHINE, "records": records})["benchmarks.md"]
    lines = {line.split(" | ")[0]: line for line in text.splitlines()}

    missed = lines["| linear models, every peer but numba"]
    assert "color: #c00000" in missed
    assert "missed: 0.8 (logistic 1e5x10, JAX)" in missed
    assert "| 2.5 (2 ratios) |" in lines["| linear models, NumPy by hand, median"]
    assert "missed" not in lines["| linear models, NumPy by hand, median"]
    assert lines["| linear models, numba by hand"].count("| - |") == 1  # nothing was measured


def test_a_limit_is_held_against_the_difference_to_what_it_is_beyond():
    def verdict(taken: float) -> bars.Verdict:
        record = _record("starting", bare_Python=[0.02])
        record["amounts"]["gdsym --help"] = [taken]
        found = bars.verdicts([record], "default", cores=2)
        return next(v for v in found if v.what.startswith("gdsym --help"))

    assert verdict(0.07).met
    assert not verdict(0.09).met
    assert verdict(0.09).found == pytest.approx(0.07)


def test_a_limit_on_memory_is_held_against_the_backend_that_takes_most():
    record = _record("memory of hessian 1e6x100", gdsym_numpy=[8.0], gdsym_numba=[41.0])
    found = bars.verdicts([record], "default", cores=2)
    verdict = next(v for v in found if v.what.startswith("hessian, MB"))

    assert (verdict.wanted, verdict.found, verdict.where) == ("at most 40", 41.0, "gdsym numba")
    assert not verdict.met


def test_the_page_says_in_how_many_runs_the_figures_were_measured():
    def page(*runs: dict[str, object]) -> str:
        records = [_record("ridge 1e5x10", gdsym_numpy=[1.0]) | run for run in runs]
        found = pages({"set": "full", "machine": MACHINE, "records": records})
        return found["benchmarks.md"].replace("\n", " ")

    first, second = ({"run": f"2026-01-0{day}T00:00:00+00:00", "took": 90.0} for day in (1, 2))
    assert "of one run of 3 minutes that began at 2026-01-01T" in page(first, first)
    assert "the full set of 2 runs" in page(first, second)
    assert "This is the full set: " in page({})


def test_the_page_says_where_other_work_disturbed_the_figures():
    record = _record("logistic 1e5x10", gdsym_numpy=[1.0], NumPy=[2.0])

    def page(busy: float) -> str:
        results = {"set": "full", "machine": MACHINE, "records": [{**record, "busy": busy}]}
        return pages(results)["benchmarks.md"].replace("\n", " ")

    assert "figures are noise" not in page(0.02)
    assert "Other work took 90% of the processors: these figures are noise." in page(0.9)
    line = "- Other work took more than 10% of the processors: logistic 1e5x10 (default heap)."
    assert line in page(0.9)
    assert line not in page(0.02)


def test_the_table_has_a_figure_for_each_heap_and_marks_where_a_peer_is_ahead():
    records = [
        _record("logistic 1e5x10", gdsym_numpy=[0.002], NumPy=[0.005]),
        _record("logistic 1e5x10", "kept", gdsym_numpy=[0.002], NumPy=[0.001]),
    ]
    files = pages({"set": "full", "machine": MACHINE, "records": records})
    row = next(x for x in files["benchmarks.md"].splitlines() if x.startswith("| logistic"))

    assert row == "| logistic 1e5x10 | 2 ms / 2 ms | 1.00 / 1.00 | 2.50 / **0.50** |"
    (plot,) = (text for path, text in files.items() if path.endswith(".svg"))
    assert "NumPy 2.50" in plot
    assert pages({"set": "full", "machine": MACHINE, "records": records}) == files


# -- formulas as written


def test_formulas_as_written_are_right_in_every_row_of_the_stability_table():
    script = ROOT / "benchmarks" / "stability.py"
    page = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")

    answer = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=ROOT
    )

    assert answer.returncode == 0, answer.stderr
    header, _, *rows = (line.split(" | ") for line in answer.stdout.splitlines())
    ours = header.index("gdsym")
    assert len(rows) == 14
    for row in rows:
        assert row[ours].removesuffix(" |") == "ok", row
        assert " | ".join(row[: ours + 1]) in page


def test_the_page_on_checking_gradients_shows_what_the_checkers_report_of_the_same_gradients():
    script = ROOT / "benchmarks" / "gradcheck" / "beside.py"
    page = (ROOT / "docs" / "gradient-checking.md").read_text(encoding="utf-8")

    answer = subprocess.run(
        [sys.executable, str(script), "--without", "PyTorch", "JAX"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )

    assert answer.returncode == 0, answer.stderr
    _, _, right, *rows = answer.stdout.splitlines()
    *mistakes, counts = (row.removesuffix(" |").split(" | ") for row in rows)
    assert len(mistakes) >= 12
    assert right.split(" | ")[1] == "AGREES"
    for row in [right.removesuffix(" |").split(" | "), *mistakes]:
        assert " | ".join(row[:3]) in page
    assert counts[1] == f"{len(mistakes)} of {len(mistakes)}"


def test_the_page_counts_what_the_checkers_object_to_among_all_wrong_functions():
    script = ROOT / "benchmarks" / "gradcheck" / "counts.py"
    page = (ROOT / "docs" / "gradient-checking.md").read_text(encoding="utf-8")
    stored = (ROOT / "benchmarks" / "gradcheck" / "counts.csv").read_text(encoding="utf-8")

    def printed(*options: str) -> str:
        answer = subprocess.run(
            [sys.executable, str(script), *options], capture_output=True, text=True, cwd=ROOT
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    assert f"\n\n{printed('--table')}\n" in page
    lines = printed("--first", "12", "--without", "PyTorch", "JAX").splitlines()
    wanted = stored.splitlines()[1:13]
    assert len(lines) == 12
    for line, other in zip(lines, wanted, strict=True):
        assert line.endswith(",-,-")
        assert line.split(",")[:5] == other.split(",")[:5]
