"""Feather files: version 2 is the Arrow IPC file; version 1 is refused."""

from gdsym.data.arrow import raw, read

__all__ = ["raw", "read"]
