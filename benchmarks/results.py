"""What was measured, as it is kept in results.json: begun, added to, and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.cases import Case

Record = dict[str, Any]
Results = dict[str, Any]
Turn = tuple[tuple[Case, ...], str]  # cases that share a process, and the heap that it has

# What may differ between runs whose figures stand on one page: how much a system holds for itself.
ALIKE = "memory", "system"


class Unlike(Exception):
    """The figures that are there were measured elsewhere; says what differs."""


def begun(machine: Mapping[str, Any]) -> Results:
    return {"machine": dict(machine), "records": []}


def continued(path: Path, machine: Mapping[str, Any]) -> Results:
    """The results that are there, to be added to. Raises Unlike where the machine is another."""
    if not path.exists():
        return begun(machine)
    results = read(path)
    if differences := list(_differences("", results["machine"], machine)):
        raise Unlike("; ".join(differences))
    return results


def read(path: Path) -> Results:
    found: Results = json.loads(path.read_text(encoding="utf-8"))
    return found


def _differences(name: str, there: Any, here: Any) -> Iterable[str]:
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys([*there, *here]):
            if key not in ALIKE:
                yield from _differences(key, there.get(key), here.get(key))
    elif there != here:
        yield f"{name} was {there or 'not there'}, is {here or 'not there'}"


def add(results: Results, record: Record, order: Mapping[tuple[str, str], int]) -> None:
    """Puts a record in its place, instead of one of the same case and heap.

    `order`: the places of the cases that there are; records of others are dropped.
    """
    records = {key(old): old for old in results["records"]}
    records[key(record)] = {name: value for name, value in record.items() if name != "at"}
    known = [at for at in records if at in order]
    results["records"] = [records[at] for at in sorted(known, key=order.__getitem__)]


def key(record: Record) -> tuple[str, str]:
    return record["case"], record["heap"]


def missing(turns: Iterable[Turn], results: Results) -> list[Turn]:
    """The turns that have no figures yet."""
    there = {key(record) for record in results["records"] if record["amounts"]}
    return [
        (cases, heap) for cases, heap in turns if any((c.name, heap) not in there for c in cases)
    ]


def extent(results: Results, cases: Iterable[Case]) -> str:
    """Which set these records are: the full, the quick or the tiny one, or a part."""
    there, cases = {key(record) for record in results["records"]}, list(cases)
    sets = {
        "full": {(case.name, heap) for case in cases if not case.tiny for heap in case.heaps},
        "quick": {(case.name, heap) for case in cases for heap in case.quick},
        "tiny": {(case.name, "default") for case in cases if case.tiny},
    }
    return next((name for name, members in sets.items() if members == there), "partial")


def text_of(results: Results) -> str:
    """JSON with a line for each record, so that a new run is a short difference."""
    head = {name: value for name, value in results.items() if name != "records"}
    records = ",\n".join(json.dumps(record) for record in results["records"])
    return f'{json.dumps(head)[:-1]}, "records": [\n{records}\n]}}\n'
