"""Data: files, tables and arrays read and bound to the names of a model."""

from gdsym.data._bind import Bound, bind_tables
from gdsym.data._lines import DimInfo
from gdsym.data._read import formats, read

__all__ = ["Bound", "DimInfo", "bind_tables", "formats", "read"]
