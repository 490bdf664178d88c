"""The process that measures cases: `python -m benchmarks.worker NAME...` prints JSON lines.

Each line is the whole record of a case so far, so whoever reads them loses nothing where a
contender ends this process.
"""

from __future__ import annotations

import argparse
import json
import warnings
from functools import partial

from benchmarks.cases import all_cases
from benchmarks.race import Taken, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--without", action="append", default=[], help="a contender to leave out")
    parser.add_argument("--seconds", type=float, help="for the rounds of each case")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # of peers: that they do not converge is seen in their answer
    known = {case.name: case for case in all_cases()}
    for name in asked.names:
        case = known[name]
        seconds = case.seconds if asked.seconds is None else asked.seconds
        try:
            run(case.race(), seconds, partial(tell, name), asked.without)
        except Exception as error:  # of one case of several
            failed = Taken("s", left_out={"all": f"{type(error).__name__}: {error}"})
            tell(name, failed)


def tell(name: str, taken: Taken) -> None:
    amounts = {who: [float(f"{a:.4g}") for a in found] for who, found in taken.amounts.items()}
    record = {"case": name, "unit": taken.unit, "amounts": amounts, "left_out": taken.left_out}
    print(json.dumps({**record, "at": taken.at}), flush=True)


if __name__ == "__main__":
    main()
