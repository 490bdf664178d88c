"""A user's function as something to be asked: in this process, or in one of its own."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Timer
from types import TracebackType
from typing import Any, Self

from gdsym.errors import UsageError
from gdsym.gradcheck.functions import worker
from gdsym.gradcheck.functions.worker import Argument

# For the start of Python and the import of the user's file with all that it imports.
START_SECONDS = 60.0

Arguments = tuple[tuple[Argument, ...], bool] | None


class CallError(Exception):
    """A call that gave no value. The text says what the function did: "raises ValueError: ..."."""


class Callee:
    """A function that can be called. `changed`: the arguments it has changed so far. `outside`:
    values that variables of its module have in the next calls."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.changed: set[str | int] = set()
        self.outside: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def arguments(self) -> Arguments:
        raise NotImplementedError

    @property
    def variables(self) -> tuple[str, ...]:
        """Those of its module that are arrays or numbers."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends what was begun for it."""

    def answer(self, places: Sequence[Any], names: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def ask(self, job: Callable[[Callable[..., Any], Any], dict[str, Any]], argument: Any) -> Any:
        """What a job does with the function where it is: `job(function, argument)`."""
        raise NotImplementedError

    def __call__(self, *places: Any, **names: Any) -> Any:
        """Its value as arrays, tuples and dictionaries. Raises CallError."""
        answer = self.answer(places, names)
        self.changed |= set(answer["changed"])
        if "error" in answer:
            raise CallError(answer["error"])
        return answer["value"]


class Here(Callee):
    """A function object, called in this process."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(getattr(function, "__qualname__", type(function).__name__))
        self._function = function

    @property
    def arguments(self) -> Arguments:
        return worker.arguments_of(self._function)

    @property
    def variables(self) -> tuple[str, ...]:
        return worker.variables_of(self._function)

    def answer(self, places: Sequence[Any], names: Mapping[str, Any]) -> dict[str, Any]:
        return worker.call(self._function, places, names, self.outside)

    def ask(self, job: Callable[[Callable[..., Any], Any], dict[str, Any]], argument: Any) -> Any:
        return job(self._function, argument)


class Apart(Callee):
    """A function named `file.py:function`, called in a process that is ended when it is late."""

    def __init__(self, spec: str, seconds: float) -> None:
        super().__init__(spec)
        self._seconds = seconds
        # -P: the folder of the worker is no place to import from.
        command = [sys.executable, "-P", os.path.abspath(worker.__file__), spec]
        # A session of its own: what it starts is ended with it.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        try:
            told = self._hear(START_SECONDS)
        except CallError as error:
            self.close()
            raise UsageError(f"{spec}: on import it {error}") from None
        except BaseException:  # Ctrl-C
            self.close()
            raise
        if "error" in told:
            self.close()
            raise UsageError(told["error"])
        self._arguments = told["arguments"]
        self._variables: tuple[str, ...] = told["variables"]

    @property
    def arguments(self) -> Arguments:
        if self._arguments is None:
            return None
        listed, others = self._arguments
        return tuple(Argument(*entry) for entry in listed), others

    @property
    def variables(self) -> tuple[str, ...]:
        return self._variables

    def answer(self, places: Sequence[Any], names: Mapping[str, Any]) -> dict[str, Any]:
        return self._asked((tuple(places), dict(names), self.outside))

    def ask(self, job: Callable[[Callable[..., Any], Any], dict[str, Any]], argument: Any) -> Any:
        return self._asked((job, argument))

    def _asked(self, request: tuple[Any, ...]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
        except (OSError, ValueError):  # a process that has ended; its pipe, if we ended it
            raise CallError("ended its process in an earlier call") from None
        return self._hear(self._seconds)

    def _hear(self, seconds: float) -> dict[str, Any]:
        process = self._process
        assert process.stdout is not None
        late = []

        def end() -> None:
            late.append(True)
            self._end()

        timer = Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            answer = pickle.load(process.stdout)
        except Exception:  # the pipe of a process that has ended holds a part of an answer or none
            self._end()
            code = process.wait()
            if late:
                raise CallError(f"does not return within {seconds:g} s (`--timeout`)") from None
            raise CallError(f"ends its process (exit code {code})") from None
        finally:
            timer.cancel()
        return dict(answer)

    def _end(self) -> None:
        """Ends the process with all that it has started, where the system can."""
        with suppress(OSError):  # it has ended
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        process = self._process
        self._end()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not sent to a process that has ended
                    stream.close()


def callee(function: Any, seconds: float) -> Callee:
    """What calls a function, or one that is named `pkg.module:function` or `file.py:function`."""
    if isinstance(function, str):
        place, _, name = function.rpartition(":")
        if not place or not name.replace(".", "_").isidentifier():
            mend = "write it as file.py:function or pkg.module:function"
            raise UsageError(f"`{function}` names no function\nhelp: {mend}")
        return Apart(function, seconds)
    if callable(function):
        return Here(function)
    raise UsageError(f"a function was expected, not a {type(function).__name__}")
