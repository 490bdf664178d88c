"""Data: files, tables and arrays read and bound to the names of a model."""

from gdsym.data._bind import Bound, bind_tables
from gdsym.data._carry import carried
from gdsym.data._groups import groups_of
from gdsym.data._lines import DimInfo
from gdsym.data._read import files_of, formats, read
from gdsym.data._unusable import Dropped

__all__ = [
    "Bound",
    "DimInfo",
    "Dropped",
    "bind_tables",
    "carried",
    "files_of",
    "formats",
    "groups_of",
    "read",
]
