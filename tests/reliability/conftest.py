"""The reliability suite's sizes, the end state of the system under test, and the summary at the end."""

import secrets
from collections.abc import AsyncIterator

import pytest
from reliability.facts import EndState
from reliability.summary import Size, Summary

from rapport_local.testing import RunningSystem

_SUMMARY = pytest.StashKey[Summary]()


def pytest_addoption(parser: pytest.Parser) -> None:
    sizes = parser.getgroup("reliability")
    sizes.addoption("--kills", type=int, default=15, help="kills of the crash campaign; 15 are one of everything")
    sizes.addoption("--seconds", type=float, default=100, help="time over which they are spread")
    sizes.addoption("--repeats", type=int, default=3, help="crashes at each crash point")
    sizes.addoption("--seed", type=int, default=None, help="order of the kills and the load (default: a new one)")


@pytest.fixture(scope="session")
def size(pytestconfig: pytest.Config) -> Size:
    option = pytestconfig.getoption
    seed = option("--seed")
    return Size(option("--kills"), option("--seconds"), option("--repeats"), _new_seed() if seed is None else seed)


@pytest.fixture(scope="session")
def summary(pytestconfig: pytest.Config) -> Summary:
    made = Summary()
    pytestconfig.stash[_SUMMARY] = made
    return made


@pytest.fixture
async def end_state(running_system: RunningSystem) -> AsyncIterator[EndState]:
    state = EndState(running_system)
    await state.listen()
    yield state
    await state.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last lines of the run."""
    summary = config.stash.get(_SUMMARY, None)
    if summary is not None:
        for line in (*summary.lines, summary.line()):
            print(line)


def _new_seed() -> int:
    return secrets.randbelow(2**32)
