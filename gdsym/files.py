"""Reading a text that a user named, and writing a file whole or not at all.

Nothing here knows what the files hold. Every failure is a `UsageError` with the path as it was
given.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from gdsym.errors import UsageError

# A model is written by a person. The limit keeps a data file, named by mistake, out of the parser.
MAX_TEXT_BYTES = 1_000_000


def read_text(path: str | Path, what: str = "model") -> str:
    """The text of a model or rule file, line ends as `\\n`, without a byte order mark."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            raise UsageError(f"{path} is a directory, not a {what} file{_texts_in(Path(path))}")
        check_ends(path)
        with open(path, "rb") as file:
            content = file.read(MAX_TEXT_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}{near_files(path)}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise UsageError(f"cannot read {path}: {reason(error)}") from None
    if len(content) > MAX_TEXT_BYTES:
        raise UsageError(
            f"{path} is larger than {MAX_TEXT_BYTES:,} bytes: that is no {what} file\n"
            "help: the model comes first, then the data files"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8 text (byte 0x{content[error.start]:02x} at offset "
            f"{error.start}), so it is no {what} file\n"
            "help: the model comes first, then the data files"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_ends(path: str | Path) -> None:
    """Raises for what might be read for ever: a device, or a pipe that nobody may write to.

    A pipe that the shell made, `/dev/stdin` or `/dev/fd/63`, has its writer.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISFIFO(mode) and not os.path.abspath(path).startswith(("/dev/", "/proc/")):
        raise UsageError(f"{path} is a pipe, no file")
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise UsageError(f"{path} is a device or socket, no file")


def near_files(path: str | Path) -> str:
    """A help line that names the file of the same directory whose name is nearest, if any."""
    wanted = Path(path)
    try:
        names = sorted(os.listdir(wanted.parent))
    except (OSError, ValueError):
        return f"\nhelp: there is no directory {wanted.parent} either"
    near = difflib.get_close_matches(wanted.name, names, n=1, cutoff=0.6)
    return f"\nhelp: did you mean `{wanted.parent / near[0]}`?" if near else ""


def check_writable(path: str | Path) -> None:
    """Raises now what `write_atomically` would raise after the work."""
    if os.path.isdir(path):
        raise UsageError(f"cannot write {path}: it is a directory")
    try:
        os.stat(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # such as a name that is too long
        raise UsageError(f"cannot write {path}: {reason(error)}") from None
    directory = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(directory):
        raise UsageError(f"cannot write {path}: there is no directory {directory}")
    target = path if _is_special(path) else directory
    if not os.access(target, os.W_OK):
        raise UsageError(f"cannot write {path}: no permission to write in {directory}")


def check_no_input(output: str | Path, inputs: Iterable[str | Path]) -> None:
    """Raises where writing `output` would replace a file that is read."""
    for path in inputs:
        with contextlib.suppress(OSError, ValueError):  # what is not there is told by its reader
            if os.path.samefile(output, path) and not _is_special(output):
                raise UsageError(
                    f"cannot write {output}: it is the input {path}, which would be lost\n"
                    "help: name another file"
                )


def write_atomically(path: str | Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Writes a file so that its readers see the old content or the new, never a part.

    A text is written in UTF-8. A link is followed, an existing file keeps its permissions (a new
    one has `mode`, less the user's mask), and what is no regular file (a pipe, `/dev/stdout`) is
    written in place.
    """
    try:
        data = content.encode("utf-8") if isinstance(content, str) else content
        if _is_special(path):
            with open(path, "wb") as file:
                file.write(data)
        else:
            _replace(os.path.realpath(path), data, mode)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write {path}: {reason(error)}") from None


def reason(error: Exception) -> str:
    """What the operating system says, without the number and the path."""
    return getattr(error, "strerror", None) or str(error)


def _replace(path: str, data: bytes, mode: int) -> None:
    directory, name = os.path.split(path)
    # The name is cut, so that a long one has a temporary file too.
    temporary = os.path.join(directory, f"{name[:40]}.{os.urandom(4).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # also Ctrl-C: no half-written file stays behind
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _is_special(path: str | Path) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _texts_in(directory: Path) -> str:
    names = sorted(name for name in os.listdir(directory) if name.endswith(".gd"))
    return f"\nhelp: it holds {', '.join(names[:5])}" if names else ""
