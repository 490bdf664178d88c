"""Checks derivatives that were derived by hand against the exact ones.

report = gdsym.check_gradient("logistic.gd")
assert report.holds, report
"""

from gdsym.gradcheck.check import check_text
from gdsym.gradcheck.front import check_gradient
from gdsym.gradcheck.report import Counterexample, Finding, Report, Verdict

__all__ = ["Counterexample", "Finding", "Report", "Verdict", "check_gradient", "check_text"]
