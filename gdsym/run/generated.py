"""What the runner asks of a generated module and of its bound problem, as types.

A generated module imports nothing of gdsym, so these protocols are the only place where the two
sides of that contract meet in types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Values = dict[str, Any]  # a parameter's name to its float or array


class Problem(Protocol):
    """A model bound to its data: a function of one flat vector theta, to be minimised."""

    @property
    def n_rows(self) -> int | None: ...
    @property
    def size(self) -> int: ...
    @property
    def dims(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def theta_names(self) -> Sequence[str]: ...
    @property
    def bounds(self) -> Sequence[tuple[float | None, float | None]]: ...
    @property
    def free_bounds(self) -> tuple[Vector, Vector]: ...
    @property
    def fixed(self) -> NDArray[np.bool_]: ...
    @property
    def stats(self) -> Mapping[str, Any]: ...
    @property
    def consts(self) -> Mapping[str, Any]: ...

    def init(self, seed: int = 0) -> Vector: ...
    def unpack(self, theta: Vector) -> Values: ...
    def pack(self, **params: Any) -> Vector: ...
    def value_and_grad(self, theta: Vector) -> tuple[float, Vector]: ...
    def loss(self, theta: Vector) -> float: ...
    def batch_value_and_grad(self, theta: Vector, rows: Rows) -> tuple[float, Vector]: ...
    def to_free(self, theta: Vector) -> Vector: ...
    def from_free(self, phi: Vector) -> Vector: ...
    def pullback(self, phi: Vector, g: Vector) -> Vector: ...
    def trace(self, theta: Vector, rows: Rows) -> Mapping[str, Any]: ...


class Module(Protocol):
    """The description of the model and its functions; `init_<rule>`, `update_<rule>` besides."""

    MODEL: str
    SOURCE: str
    SOURCE_NAME: str
    SHA256: str
    VERSION: str
    ROW: str | None
    DIMS: dict[str, dict[str, Any]]
    DATA: tuple[dict[str, Any], ...]
    PARAMS: tuple[dict[str, Any], ...]
    CONSTS: tuple[dict[str, Any], ...]
    PREDICTIONS: tuple[dict[str, Any], ...]
    METHOD: dict[str, Any] | None
    OBJECTIVE: dict[str, Any]
    MINIBATCH: str | None
    RULES: dict[str, dict[str, Any]]
    SCHEDULES: dict[str, dict[str, Any]]
    PLACES: dict[str, tuple[int, int, str]]

    def bind(self, *args: Any, **kwargs: Any) -> Any: ...
    def predict(self, *args: Any, **kwargs: Any) -> dict[str, Any]: ...
