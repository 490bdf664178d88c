"""The pytest fixture `assert_gradient`: fails a test with what is wrong with a gradient.

    def test_my_gradient(assert_gradient):
        assert_gradient("churn.gd", my_gradient)

Nothing else of gdsym is imported before the fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def assert_gradient() -> Callable[..., Any]:
    """`gdsym.check_gradient` with the same arguments, as an assertion. Returns the report."""
    from gdsym.gradcheck import check_gradient

    def checked(model: Any, gradient: Any = None, **options: Any) -> Any:
        __tracebackhide__ = True
        report = check_gradient(model, gradient, **options)
        if not report.holds:
            pytest.fail(str(report), pytrace=False)
        return report

    return checked
