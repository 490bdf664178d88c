"""Fitting: a generated module and bound data in, a `Result` out. No SymPy and no parser here."""

from gdsym.run.asked import merged, read_method, schedules
from gdsym.run.backend import backend_for
from gdsym.run.diagnose import NotFiniteError
from gdsym.run.fit_file import is_fit_file, load
from gdsym.run.fix import read_fix
from gdsym.run.inference import Asked, check
from gdsym.run.loop import Progress, fit
from gdsym.run.outcome import EXIT_CODES, Record
from gdsym.run.plan import make_plan, rules_to_compile
from gdsym.run.result import Result
from gdsym.run.start import Earlier, parse_assignments, read_start

__all__ = [
    "EXIT_CODES",
    "Asked",
    "Earlier",
    "NotFiniteError",
    "Progress",
    "Record",
    "Result",
    "backend_for",
    "check",
    "fit",
    "is_fit_file",
    "load",
    "make_plan",
    "merged",
    "parse_assignments",
    "read_fix",
    "read_method",
    "read_start",
    "rules_to_compile",
    "schedules",
]
