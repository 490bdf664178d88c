"""The directory of the user's own, where what takes long to make is kept from run to run.

What is kept there is code, or as good as code: a module, the tables of a parser. So the directory
is used only where nobody but the user can write in it, and of its files only those that nobody
else can write. The last line of each is a hash of the rest, so that a damaged one is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from pathlib import Path

from gdsym.errors import UsageError
from gdsym.files import write_atomically

_SEAL = b"\n# sha256 "


def directory() -> Path | None:
    """The cache directory, made if need be; None where none is safe to use."""
    try:
        path = place()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path if _is_private(path.stat()) else None
    except (OSError, RuntimeError):  # RuntimeError: the user has no home directory
        return None


def place() -> Path:
    """Where the cache directory is or would be."""
    if chosen := os.environ.get("GDSYM_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local"
        return Path(local) / "gdsym/cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/gdsym"
    # The XDG base directory specification: a relative path there is to be ignored.
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "gdsym"


def read(path: Path) -> bytes | None:
    """What `write` left there; None where there is nothing, or something else."""
    try:
        status = path.lstat()
        if not (stat.S_ISREG(status.st_mode) and _is_private(status)):
            return None
        data, _, seal = path.read_bytes().rpartition(_SEAL)
    except OSError:
        return None
    return data if seal.strip() == _digest(data) else None


def write(path: Path, data: bytes) -> bool:
    """Keeps it for `read`, if it can; what is not ours stays as it is."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return False  # a pipe would wait for its reader
    with contextlib.suppress(UsageError, OSError):  # a full disk costs the next start some time
        write_atomically(path, data + _SEAL + _digest(data) + b"\n", mode=0o600)
        return True
    return False


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _is_private(status: os.stat_result) -> bool:
    if sys.platform == "win32":
        return True
    mine = status.st_uid == os.geteuid()
    return mine and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
