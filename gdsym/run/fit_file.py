"""Fit files: a fit as JSON, written whole or not at all, and read with checks.

Floats keep every bit. What is not finite has no JSON token: nan is null, an infinity a string. The
model's text goes into the file, so that a fit is complete in itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gdsym.errors import UsageError
from gdsym.files import check_ends, near_files, reason, write_atomically
from gdsym.run.generated import Module
from gdsym.run.kept import read_certificate, read_inference, read_predictions
from gdsym.run.outcome import EXIT_CODES
from gdsym.run.result import Result, entry_names

FORMAT = 1
_INFINITIES = {math.inf: "inf", -math.inf: "-inf"}

# What a fit file must hold, and of which JSON type.
_TYPES: dict[str, type | tuple[type, ...]] = {
    "gdsym": str,
    "model": str,
    "source_name": str,
    "source": str,
    "sha256": str,
    "method": str,
    "options": dict,
    "seed": int,
    "status": str,
    "message": str,
    "objective": (int, float, str, type(None)),
    "loss": (int, float, str, type(None)),
    "grad_norm": (int, float, str, type(None)),
    "iterations": int,
    "evaluations": int,
    "seconds": (int, float),
    "n_rows": (int, type(None)),
    "params": dict,
    "dims": dict,
    "stats": dict,
    "consts": dict,
    "columns": dict,
    "data_sha256": (str, type(None)),
    "versions": dict,
}


def plain(value: Any) -> Any:
    """The value as JSON knows it: arrays as lists, no nan and no infinity."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return _INFINITIES.get(value, value)
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def save(result: Result, path: str | Path) -> None:
    """Writes a fit file atomically; the old file stays where that fails (UsageError)."""
    write_atomically(path, text_of(result))


def text_of(result: Result) -> str:
    """The content of the fit file: one line per entry."""
    module = result.module
    digest = result.data.sha256() if result.data is not None else result.data_sha256
    short = result.to_json()
    entries = {
        "format": FORMAT,
        "gdsym": module.VERSION,
        "model": short.pop("model"),
        "source_name": module.SOURCE_NAME,
        "source": module.SOURCE,
        "sha256": module.SHA256,
        "method": short.pop("method"),
        "options": result.options,
        "seed": result.seed,
        **short,
        "stats": result.stats,
        "consts": result.consts,
        "columns": result.columns,
        "fixed": list(result.fixed),
        "data_sha256": digest,
        "column_sha256": column_hashes(result),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    lines = [f'  "{k}": {json.dumps(plain(v), allow_nan=False)}' for k, v in entries.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def column_hashes(result: Result) -> dict[str, str]:
    """A digest of each column that was fitted; of data that came as arrays, by their name."""
    if result.data is None:
        return result.column_sha256
    bound = result.data
    digests: dict[str, str] = {}
    for entry in result.module.DATA:
        name = entry["name"]
        if name not in bound.arrays:
            continue
        array, columns = bound.arrays[name], result.columns.get(name, [])
        if entry["dims"][:1] != (result.module.ROW,) or array.ndim > 2:
            parts = {name: array}
        elif array.ndim == 2 and len(columns) == array.shape[1]:
            parts = {column: array[:, i] for i, column in enumerate(columns)}
        else:
            parts = {columns[0] if len(columns) == 1 else name: array}
        digests |= {column: _digest(part) for column, part in parts.items()}
    return digests


def _digest(array: Any) -> str:
    # Codes of categories and numbers of the same value count as the same column.
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f8").data).hexdigest()


def is_fit_file(path: str | Path) -> bool:
    """Whether a text names a file rather than `name=value`: it exists, or ends in `.json`."""
    return str(path).endswith(".json") or os.path.isfile(path)


def read(path: str | Path) -> dict[str, Any]:
    """The entries of a fit file, their types checked; UsageError with the reason otherwise."""
    try:
        check_ends(path)
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}{near_files(path)}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {reason(error)}") from None
    if Path(path).suffix == ".gd":
        raise UsageError(
            f"{path} is a model, and no fit of it\n"
            f"help: `gdsym fit {path} DATA -o FIT.json` writes one"
        )
    try:
        entries = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _not_a_fit(path, f"it is not JSON ({error})") from None
    if not isinstance(entries, dict) or "format" not in entries:
        raise _not_a_fit(path, "it has no `format`")
    if entries["format"] != FORMAT:
        raise UsageError(
            f"{path} has format {entries['format']!r}, but this gdsym reads format {FORMAT}\n"
            "help: update gdsym, or fit again"
        )
    for key, kind in _TYPES.items():
        if key not in entries:
            raise _not_a_fit(path, f"it has no `{key}`")
        if not isinstance(entries[key], kind):
            raise _not_a_fit(path, f"`{key}` is {type(entries[key]).__name__}")
    if entries["status"] not in EXIT_CODES:
        raise _not_a_fit(path, f"its status is `{entries['status']}`")
    digest = hashlib.sha256(entries["source"].encode("utf-8", "surrogatepass")).hexdigest()
    if digest != entries["sha256"]:
        raise UsageError(
            f"{path}: the model text does not have the hash that stands beside it: the file was "
            "changed\nhelp: fit again"
        )
    return entries


def load(path: str | Path, module_of: Callable[[str, str], Module]) -> Result:
    """A fit from its file; `module_of(source, source_name)` gives the compiled model.

    Raises UsageError where the file is no fit, or its parameters are not those of its model.
    """
    entries = read(path)
    module = module_of(entries["source"], entries["source_name"])
    dims = {name: _dim(path, name, dim) for name, dim in entries["dims"].items()}
    params = {p["name"]: _parameter(path, p, entries["params"], dims) for p in module.PARAMS}
    if strangers := [name for name in entries["params"] if name not in params]:
        raise _not_a_fit(path, f"its model has no parameter `{strangers[0]}`")
    theta = np.concatenate([np.ravel(value) for value in params.values()] or [np.empty(0)])
    return Result(
        model=entries["model"],
        method=entries["method"],
        status=entries["status"],
        message=entries["message"],
        objective=_float(path, "objective", entries["objective"]),
        loss=_float(path, "loss", entries["loss"]),
        grad_norm=_float(path, "grad_norm", entries["grad_norm"]),
        iterations=entries["iterations"],
        evaluations=entries["evaluations"],
        seconds=float(entries["seconds"]),
        n_rows=entries["n_rows"],
        params=params,
        dims=dims,
        theta=theta,
        theta_names=entry_names(module, dims),
        stats=_arrays(path, "stats", entries["stats"]),
        consts={name: _const(path, name, value) for name, value in entries["consts"].items()},
        columns=entries["columns"],
        options=entries["options"],
        seed=entries["seed"],
        history=(),
        module=module,
        fixed=_names(path, entries.get("fixed", [])),
        data_sha256=entries["data_sha256"],
        **_known(path, entries, len(theta)),
    )


def _known(path: str | Path, entries: Mapping[str, Any], size: int) -> dict[str, Any]:
    """What files of earlier versions do not have."""
    try:
        known: dict[str, Any] = {"column_sha256": dict(entries.get("column_sha256", {}))}
        if "certificate" in entries:
            known["certificate"] = read_certificate(entries["certificate"])
            known["predictions"] = read_predictions(entries["predictions"])
            inference = read_inference(entries["inference"], entries["covariance"])
            if inference is not None and len(inference.std_errors) != size:
                raise ValueError("its length is not that of the parameters")
            known["inference"] = inference
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_a_fit(path, f"its certificate or inference is damaged ({error})") from None
    return known


def _names(path: str | Path, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _not_a_fit(path, "`fixed` is no list of names")
    return tuple(value)


def _refuse(token: str) -> None:
    raise ValueError(f"{token} is no JSON number")


def _not_a_fit(path: str | Path, why: str) -> UsageError:
    return UsageError(f"{path} is not a fit file of gdsym: {why}")


def _dim(path: str | Path, name: str, dim: Any) -> dict[str, Any]:
    size, labels = (dim.get("size"), dim.get("labels")) if isinstance(dim, dict) else (None, None)
    if not isinstance(size, int) or (labels is not None and len(labels) != size):
        raise _not_a_fit(path, f"dimension `{name}` is {dim!r}")
    return {"size": size, "labels": labels}


def _parameter(
    path: str | Path,
    param: Mapping[str, Any],
    values: Mapping[str, Any],
    dims: Mapping[str, Mapping[str, Any]],
) -> Any:
    name = param["name"]
    if name not in values:
        raise _not_a_fit(path, f"it has no value for the parameter `{name}`")
    if missing := [d for d in param["dims"] if d not in dims]:
        raise _not_a_fit(path, f"it has no size for the dimension `{missing[0]}`")
    array = _array(path, name, values[name])
    wanted = tuple(dims[d]["size"] for d in param["dims"])
    if array.shape != wanted:
        raise _not_a_fit(path, f"`{name}` has shape {array.shape}, its dimensions {wanted}")
    return array if wanted else float(array)


def _array(path: str | Path, name: str, value: Any) -> Any:
    try:
        return np.array(value, dtype=np.float64)  # null becomes nan, "inf" an infinity
    except (TypeError, ValueError, OverflowError):
        raise _not_a_fit(path, f"`{name}` is not an array of numbers") from None


def _arrays(path: str | Path, name: str, value: Any) -> Any:
    """Nested mappings of arrays, as `stats` are."""
    if isinstance(value, dict):
        return {key: _arrays(path, f"{name}.{key}", entry) for key, entry in value.items()}
    array = _array(path, name, value)
    return array if array.ndim else float(array)


def _const(path: str | Path, name: str, value: Any) -> Any:
    array = _array(path, name, value)
    return array if array.ndim else float(array)


def _float(path: str | Path, name: str, value: Any) -> float:
    return float(_array(path, name, value))
