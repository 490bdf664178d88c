"""Certificate, inference and scalar predictions as a fit file keeps them, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from gdsym.run.certificate import Certificate
from gdsym.run.inference import Derived, Inference

MOST_KEPT = 300  # parameters whose covariance a file holds

_BY_ENTRY = ("std_errors", "statistic", "p_values", "interval")
_NUMBERS = ("log_likelihood", "aic", "bic", "s", "rss", "r_squared")


def covariance_entries(inference: Inference | None) -> Any:
    """The covariance; None where there is none, or one too large for a text."""
    if inference is None or inference.covariance is None:
        return None
    return inference.covariance if len(inference.covariance) <= MOST_KEPT else None


def inference_entries(inference: Inference | None, names: Sequence[str]) -> dict[str, Any] | None:
    """All but the covariance, which stands by itself; entries are in the order of `names`."""
    if inference is None:
        return None
    kept = {f.name: getattr(inference, f.name) for f in fields(inference)}
    del kept["covariance"]
    return {"names": list(names), "statistic_name": inference.statistic_name, **kept}


def predictions_entries(derived: Sequence[Derived]) -> dict[str, dict[str, Any]]:
    """Scalar predictions by name."""
    return {
        d.name: {"value": d.value, "std_error": d.std_error, "interval": list(d.interval)}
        for d in derived
    }


def read_certificate(kept: Any) -> Certificate:
    """The certificate of a file; raises ValueError or TypeError for what is none."""
    values = dict(kept)
    for f in fields(Certificate):
        if isinstance(values.get(f.name), list):
            values[f.name] = tuple(values[f.name])
    values["grad_norm"] = _number(values.get("grad_norm"))
    return Certificate(**values)


def read_inference(kept: Any, covariance: Any) -> Inference | None:
    """The inference of a file; raises ValueError, TypeError or KeyError for what is none."""
    if kept is None:
        return None
    values: dict[str, Any] = {f.name: kept[f.name] for f in fields(Inference) if f.name in kept}
    values |= {name: np.array(values[name], dtype=np.float64) for name in _BY_ENTRY}
    values |= {name: _number(values[name]) for name in (*_NUMBERS, "df")}
    size = len(values["std_errors"])
    values["interval"] = values["interval"].reshape(size, 2)
    values["covariance"] = None
    if covariance is not None:
        values["covariance"] = np.array(covariance, dtype=np.float64).reshape(size, size)
    return Inference(**values)


def read_predictions(kept: Mapping[str, Any]) -> tuple[Derived, ...]:
    """The scalar predictions of a file; raises ValueError, TypeError or KeyError."""
    return tuple(
        Derived(
            name,
            _number(entry["value"]),
            _number(entry["std_error"]),
            (_number(entry["interval"][0]), _number(entry["interval"][1])),
        )
        for name, entry in kept.items()
    )


def _number(value: Any) -> float:
    """null is nan, "inf" an infinity."""
    return math.nan if value is None else float(value)
