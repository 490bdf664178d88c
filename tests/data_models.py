"""What the binder reads of a generated module, written by hand."""

from types import SimpleNamespace


def data(name, dims, source=None, domain=None, default=None, arg=None):
    """One entry of `DATA`; `dims` as in `"n d"`."""
    return {
        "name": name,
        "arg": arg or name,
        "dims": tuple(dims.split()),
        "domain": domain or {},
        "columns": source,
        "default": default,
        "doc": "",
        "line": 1,
    }


def model(*entries, row="n", **dims):
    """A module with these data; `dims` declares sizes (`k=3`) or labels (`k=("a", "b")`)."""
    names = dict.fromkeys([*(dim for entry in entries for dim in entry["dims"]), *dims])
    described = {}
    for name in names:
        declared = dims.get(name)
        labels = declared if isinstance(declared, tuple) else None
        size = len(labels) if labels else declared
        described[name] = {"size": size, "labels": labels, "doc": ""}
    return SimpleNamespace(DATA=entries, DIMS=described, ROW=row)


EVERY = {"every": True}
CATEGORY = {"category": "k", "text": "in k"}


def named(*names):
    return {"names": names}
