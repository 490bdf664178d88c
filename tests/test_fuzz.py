"""Whatever the text, the compiler answers: with a module or with an error of ours, and soon."""

from __future__ import annotations

import random
import signal
import sys
import time
from contextlib import contextmanager

import pytest
from fuzz import models, mutant
from hypothesis import HealthCheck, Phase, given, seed, settings
from work import calls

from gdsym.compiler import compile_text
from gdsym.errors import GdsymError

if sys.platform == "win32":
    resource = None
else:
    import resource

CHUNKS = 10  # of each kind; a nightly run spreads them over the processors
SECONDS, BYTES = 1.0, 200_000_000  # for one source
CALLS = 10_000_000  # in place of the time where the machine may be slow or busy: about as much
HANG = 100.0  # seconds


def per_chunk(config) -> int:
    return (100_000 if config.getoption("--nightly") else 2_000) // (2 * CHUNKS)


def own_seed(chunk: int, config) -> int:
    """Other sources for every chunk, and for every `--fuzz-seed`."""
    return CHUNKS * config.getoption("--fuzz-seed") + chunk


def peak() -> int:
    """The most memory that this process has had, in bytes; 0 where the system does not say."""
    if resource is None:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


@contextmanager
def interrupted(seconds: float):
    """Ends what takes so much time of the processor, so that a hang is a failure with a place."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_):
        raise AssertionError(f"more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def answer(text: str) -> None:
    try:
        with interrupted(HANG):
            module = compile_text(text, "fuzz.gd")
    except GdsymError as error:
        assert str(error)
        assert "\x1b" not in str(error)
    else:
        compile(module, "fuzz.py", "exec")


def seconds_of(text: str) -> float:
    start = time.process_time()
    answer(text)
    return time.process_time() - start


def check(text: str, nightly: bool) -> None:
    memory = peak()
    if seconds_of(text) > SECONDS:  # the first time may have paid for imports or a collection
        if nightly:
            assert seconds_of(text) <= SECONDS, text
        else:
            assert calls(lambda: answer(text)) <= CALLS, text
    assert peak() - memory <= BYTES, text


FOUND = {
    "a matrix that only a let factors": """\
dim k = d - 1
dim d in {"a", "b", "c"}
data X[n, d], y[n], g[n, d] in k
param w[d], b, U[d, k]
let v0[d] = inv(X.T @ X) @ w
let v1[d] = max(digamma(b), log_sigmoid((w + b)))
residual mean(onehot(g))
""",
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_the_fuzz_once_found_stays_mended(text, request):
    check(text, request.config.getoption("--nightly"))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_model_by_the_grammar_is_compiled_or_refused(chunk, request):
    @seed(own_seed(chunk, request.config))
    @settings(
        max_examples=per_chunk(request.config),
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(models())
    def compiled_or_refused(text):
        check(text, request.config.getoption("--nightly"))

    compiled_or_refused()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_damaged_model_is_compiled_or_refused(chunk, request):
    draw = random.Random(own_seed(chunk, request.config))
    for _ in range(per_chunk(request.config)):
        text = mutant(draw)
        try:
            check(text, request.config.getoption("--nightly"))
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} with this model:\n{text}") from error
