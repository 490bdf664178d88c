from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, and no clock: machines are shared, and a slow one is no defect.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def _environment_of_this_run(tmp_path_factory):
    """Tests neither use nor fill the cache of the person who runs them, and the processes they
    start import this tree, wherever they run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
        patch.setenv("GDSYM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden texts anew instead of comparing with them",
    )
    parser.addoption(
        "--nightly",
        action="store_true",
        help="give the compiler 100,000 sources of the fuzz test instead of 2,000",
    )
    parser.addoption(
        "--fuzz-seed",
        type=int,
        default=0,
        metavar="N",
        help="take the Nth set of sources of the fuzz test; every N has others",
    )
