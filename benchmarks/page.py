"""The page and its plots, from what was measured: a pure function of the results."""

from __future__ import annotations

import re
import statistics
from collections.abc import Collection, Iterable, Mapping
from textwrap import fill
from typing import Any

from benchmarks.about import ABOUT, INTRODUCTION
from benchmarks.bars import Record, Verdict, best, ratio, verdicts
from benchmarks.ours import is_ours
from benchmarks.plot import dots

# Families whose contenders are no alternatives to each other, or whose least is about nothing.
AMOUNTS = "Memory", "Start-up and compilation", "Memory of command lines"
RED = '<strong style="color: #c00000">missed: {}</strong>'
# The share of the processors that other work may take.
QUIET = 0.1
Results = Mapping[str, Any]


def pages(results: Results) -> dict[str, str]:
    """The files that show the results, by their path in the folder of the documentation."""
    families = dict.fromkeys(record["family"] for record in results["records"])
    files: dict[str, str] = {}
    parts = [INTRODUCTION, machine(results), bars(results), "## Cases"]
    for family in families:
        records = [record for record in results["records"] if record["family"] == family]
        parts += [f"### {family}", ABOUT.get(family, "")]
        if family not in AMOUNTS and (rows := plotted(records)):
            path = f"benchmarks/{re.sub('[^a-z]+', '-', family.lower())}.svg"
            files[path] = dots(f"{family}: time of a peer over ours", rows)
            parts.append(f"![{family}]({path})")
        parts += [table(records), *left_out(records)]
    files["benchmarks.md"] = "\n\n".join(part.strip() for part in parts if part) + "\n"
    return files


def machine(results: Results) -> str:
    found = results["machine"]
    libraries = ", ".join(f"{name} {version}" for name, version in found["libraries"].items())
    coretype = found.get("coretype")
    setting = f", `OPENBLAS_CORETYPE={coretype}` for all contenders" if coretype else ""
    text = (
        f"Measured on {found['processor']}, {found['cores']} cores, {found['memory']} GB, "
        f"{found['system']}; Python {found['python']}, {libraries}; {found['blas']}{setting}. "
        f"This is the {results['set']} set{runs(results['records'])}: `python -m benchmarks` "
        "measures the quick one anew and writes this page, `python -m benchmarks --full` all "
        "cases."
    )
    others = statistics.median([record.get("busy", 0.0) for record in results["records"]] or [0.0])
    if others > QUIET:
        text += f" **Other work took {others:.0%} of the processors: these figures are noise.**"
    return fill(text, 99, break_on_hyphens=False, break_long_words=False)


def runs(records: Iterable[Record]) -> str:
    """How often `python -m benchmarks` was run for these figures, where that is known."""
    began = {record["run"] for record in records if "run" in record}
    if len(began) != 1:
        return f" of {len(began)} runs" if began else ""
    minutes = sum(record["took"] for record in records) / 60
    return f", of one run of {minutes:.0f} minutes that began at {min(began)}"


def bars(results: Results) -> str:
    """What was asked for, and what came out with the default heap and with the kept one."""
    records, cores = results["records"], results["machine"]["cores"]
    default, kept = (verdicts(records, heap, cores) for heap in ("default", "kept"))
    lines = ["| bar | wanted | default heap | kept heap | |", "| --- | --- | --- | --- | --- |"]
    for one, other in zip(default, kept, strict=True):
        missed = any(each.found is not None and not each.met for each in (one, other))
        note = one.note if missed else ""
        lines.append(f"| {one.what} | {one.wanted} | {shown(one)} | {shown(other)} | {note} |")
    head = (
        "## Bars\n\nThe worst figure of the cases that this set has, and where it was found; "
        "ratios are a peer's time over ours. A dash: not measured.\n\n"
    )
    return head + "\n".join(lines)


def shown(verdict: Verdict) -> str:
    if verdict.found is None:
        return "-"
    text = f"{verdict.found:.3g} ({verdict.where})"
    return text if verdict.met else RED.format(text)


def plotted(records: Iterable[Record]) -> dict[str, dict[str, float]]:
    """The ratios of each case to our best, with the default heap."""
    rows = {}
    for record in records:
        ours = best(record)
        if record["heap"] != "default" or ours is None:
            continue
        others = [who for who, found in record["amounts"].items() if found and not is_ours(who)]
        rows[record["case"]] = {who: ratio(record, who, ours) for who in others}
    return {case: row for case, row in rows.items() if row}


def table(records: list[Record]) -> str:
    """A row per case, with ours in its unit; then a column per contender."""
    who = list(dict.fromkeys(name for record in records for name in record["amounts"]))
    cases = dict.fromkeys(record["case"] for record in records if record["amounts"])
    if not cases:
        return ""
    amounts = records[0]["family"] in AMOUNTS
    head = ["case", *([] if amounts else ["ours"]), *who]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " --: |" * (len(head) - 1)]
    for case in cases:
        mine = [record for record in records if record["case"] == case and record["amounts"]]
        cells = [] if amounts else [" / ".join(ours_in(record) for record in mine)]
        cells += [" / ".join(cell(record, name, amounts) for record in mine) for name in who]
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ours_in(record: Record) -> str:
    ours = best(record)
    return "-" if ours is None else amount(statistics.median(record["amounts"][ours]), "s")


def cell(record: Record, name: str, amounts: bool) -> str:
    found = record["amounts"].get(name)
    if not found:
        return "-"
    if amounts:
        return amount(statistics.median(found), record["unit"])
    ours = best(record)
    if ours is None:
        return "-"
    times = ratio(record, name, ours)
    return f"**{times:.2f}**" if times < 1 else f"{times:.2f}"


def amount(value: float, unit: str) -> str:
    if unit == "s":
        shown, unit = (value, "s") if value >= 1 else (1e3 * value, "ms")
        return f"{shown:.3g} {unit}"
    return f"{value:.0f} MB" if unit == "MB" else f"{value:.2f}x"


def left_out(records: Collection[Record]) -> list[str]:
    """Who is missing in which cases and why, and cases that were disturbed or not run at all."""
    why: dict[tuple[str, str], list[str]] = {}
    lines = disturbed(records)
    for record in records:
        for name, reason in record["left_out"].items():
            why.setdefault((name, plain(reason)), []).append(record["case"])
        if "skipped" in record:
            lines.append(f"Not run: {record['case']}, {record['heap']} heap: {record['skipped']}.")
    for (name, reason), cases in why.items():
        some = list(dict.fromkeys(cases))
        where = ", ".join(some) if len(some) <= 2 else f"{len(some)} cases"
        lines.append(f"Left out: {name}, in {where}: {reason.removesuffix('.')}.")
    return ["\n".join(f"- {line}" for line in lines)] if lines else []


def disturbed(records: Iterable[Record]) -> list[str]:
    """A line that names the times which other work disturbed."""
    some = [
        f"{record['case']} ({record['heap']} heap)"
        for record in records
        if record["unit"] == "s" and record.get("busy", 0.0) > QUIET
    ]
    more = f"Other work took more than {QUIET:.0%} of the processors"
    return [f"{more}: {', '.join(some)}."] if some else []


def plain(reason: str) -> str:
    """Without what Markdown would take for a mark."""
    return re.sub(r"\s+", " ", re.sub(r"([|<>*_])", r"\\\1", reason))
