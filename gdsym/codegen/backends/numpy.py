"""The NumPy printer: kernels in steps, everything else as expressions."""

from __future__ import annotations

from gdsym.codegen.backends import Backend
from gdsym.codegen.expressions import Writer
from gdsym.codegen.steps import StepWriter

BACKEND = Backend(writer=Writer, steps=StepWriter, guards=True)
