"""Networks that are slow, fall silent, lose an answer or are cut, between the services and their servers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from network_proxy import NetworkProxy
from reliability.checker import LOST, TWICE, Violation
from reliability.summary import Summary
from reliability.trial import RIGHT, Trial, trial
from waiting import eventually

from rapport_local.backing import BackingServices
from rapport_shared.delivery.relay import LOOK_SECONDS

Fault = Callable[[NetworkProxy], AbstractAsyncContextManager[None]]
Server = Callable[[Trial], NetworkProxy]
# Longer than the driver waits for an answer of the database (10 s), and than the broker for two heartbeats.
SILENCE_SECONDS = 12
SETTLE_SECONDS = 60
CHANGES = 3
ANSWERS_LOST = 5
SENT_MARK = b"sent_at"  # the field is written by nobody else
CUTS = 3


def to_database(of: Trial) -> NetworkProxy:
    return of.to_database


def to_broker(of: Trial) -> NetworkProxy:
    return of.to_broker


@asynccontextmanager
async def slow(proxy: NetworkProxy) -> AsyncIterator[None]:
    """Each piece takes a tenth of a second."""
    proxy.latency = 0.1
    yield
    proxy.latency = 0.0


def silent_up(proxy: NetworkProxy) -> AbstractAsyncContextManager[None]:
    """What is said to the server does not arrive for a while."""
    return _silent(proxy, up=True, down=False)


def silent_down(proxy: NetworkProxy) -> AbstractAsyncContextManager[None]:
    """What the server says does not arrive for a while."""
    return _silent(proxy, up=False, down=True)


@asynccontextmanager
async def loses_answers(proxy: NetworkProxy) -> AsyncIterator[None]:
    """Five times an answer is lost, and the connection with it: what was asked is done, and nobody knows."""
    yield
    for _ in range(ANSWERS_LOST):
        proxy.drop_reply()
        await _reaches(lambda: not proxy.dropping)


@asynccontextmanager
async def loses_marks(proxy: NetworkProxy) -> AsyncIterator[None]:
    """The relay's word to the database that events are sent does not arrive: it publishes them again."""
    proxy.lose_request(SENT_MARK)
    yield
    await _reaches(lambda: not proxy.losing)


@asynccontextmanager
async def is_cut(proxy: NetworkProxy) -> AsyncIterator[None]:
    """Every connection is reset, with what is on its way to the server; and twice again."""
    proxy.freeze(down=False)
    held = proxy.held
    yield
    await _reaches(lambda: proxy.held > held)
    await asyncio.sleep(LOOK_SECONDS + 1)  # by then the relay has looked, and what it publishes is on its way as well
    for _ in range(CUTS):
        await _reaches(lambda: proxy.open_connections > 0)
        proxy.cut()
        proxy.thaw()


@asynccontextmanager
async def is_down(proxy: NetworkProxy) -> AsyncIterator[None]:
    """There is no network at all for a while."""
    proxy.refusing = True
    proxy.cut()
    yield
    await asyncio.sleep(SILENCE_SECONDS / 2)
    proxy.refusing = False


@asynccontextmanager
async def _silent(proxy: NetworkProxy, *, up: bool, down: bool) -> AsyncIterator[None]:
    proxy.freeze(up=up, down=down)
    held = proxy.held
    yield
    await _reaches(lambda: proxy.held > held)
    await asyncio.sleep(SILENCE_SECONDS)
    proxy.thaw()


async def _reaches(condition: Callable[[], bool]) -> None:
    async def looked() -> bool:
        return condition()

    await eventually(looked)


BROKER_FAULTS: tuple[Fault, ...] = (slow, silent_up, silent_down, loses_answers, is_cut, is_down)
DATABASE_FAULTS: tuple[Fault, ...] = (*BROKER_FAULTS, loses_marks)


@pytest.mark.reliability
@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("server", "faults", "mutants"),
    [
        (to_broker, BROKER_FAULTS, {"no-confirms": LOST, "no-inbox": TWICE}),
        (to_database, DATABASE_FAULTS, {"no-inbox": TWICE}),
    ],
    ids=["broker", "database"],
)
async def test_a_bad_network_loses_nothing_and_does_nothing_twice(
    server: Server,
    faults: Sequence[Fault],
    mutants: dict[str, str],
    backing: BackingServices,
    database_prefix: str,
    tmp_path: Path,
    summary: Summary,
) -> None:
    """Each fault is proven by what the network held, lost or cut, and by mutants that do not come through."""
    async with AsyncExitStack() as stack:
        trials = {
            design: await stack.enter_async_context(trial(backing, database_prefix, tmp_path, design))
            for design in (RIGHT, *mutants)
        }
        await asyncio.gather(*(_suffer(each, server, faults) for each in trials.values()))
        checks = await asyncio.gather(*(each.broken_promises() for each in trials.values()))
        found: dict[str, list[Violation]] = dict(zip(trials, checks, strict=True))
    caught = [mutant for mutant, kind in mutants.items() if kind in {violation.kind for violation in found[mutant]}]
    summary.networks += len(faults)
    summary.mutants += len(mutants)
    summary.caught += len(caught)
    summary.found(found[RIGHT])
    assert found[RIGHT] == []
    assert caught == list(mutants), f"not caught: {found}"


async def _suffer(each: Trial, server: Server, faults: Sequence[Fault]) -> None:
    proxy = server(each)
    await each.start(each.relay)
    await each.start(each.consumer)
    await each.change(1)
    assert await each.all_sent(seconds=SETTLE_SECONDS)
    for fault in faults:
        async with fault(proxy):
            await each.change(CHANGES)
        await each.change(1)
        assert await each.all_sent(seconds=SETTLE_SECONDS), f"nothing goes through after {fault.__name__}"
    assert proxy.held
    assert proxy.dropped == ANSWERS_LOST
    assert proxy.cut_off >= CUTS
    assert proxy.lost == faults.count(loses_marks)
