"""Two relays and two consumers: one works, the other takes over; and a broker that takes nothing more for a while."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from reliability.checker import TWICE
from reliability.keeper import in_thread
from reliability.summary import Summary
from reliability.trial import RIGHT, Trial, trial
from waiting import eventually

from rapport_local.backing import BackingServices
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.processes.child import Child

# A lease of the relay lasts 15 s; the broker gives a consumer up after two silent heartbeats, some 30 s.
TAKEN_OVER_SECONDS = 90
FROZEN_SECONDS = 20
CHANGES = 3
BUSY_CHANGES = 30


@pytest.mark.reliability
@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("point", "mutants"),
    [("relay.freeze-after-read-before-publish", {}), ("consumer.freeze-after-commit-before-ack", {"no-inbox": TWICE})],
)
async def test_a_frozen_process_is_relieved_and_does_no_harm_when_it_wakes(
    point: str,
    mutants: dict[str, str],
    backing: BackingServices,
    database_prefix: str,
    tmp_path: Path,
    summary: Summary,
) -> None:
    """It is frozen in the middle of its work; its twin finishes that while it sleeps."""
    async with AsyncExitStack() as stack:
        trials = {
            design: await stack.enter_async_context(trial(backing, database_prefix, tmp_path, design))
            for design in (RIGHT, *mutants)
        }
        await asyncio.gather(*(_relieve(each, point) for each in trials.values()))
        found = {design: await each.broken_promises() for design, each in trials.items()}
    caught = [mutant for mutant, kind in mutants.items() if kind in {violation.kind for violation in found[mutant]}]
    summary.mutants += len(mutants)
    summary.caught += len(caught)
    summary.found(found[RIGHT])
    assert found[RIGHT] == []
    assert caught == list(mutants), f"not caught: {found}"


async def _relieve(each: Trial, point: str) -> None:
    victim = each.relay if point.startswith("relay") else each.consumer
    for child in (each.relay, each.consumer):
        await each.start(child, crash_point=point if child is victim else None)
    await each.change(BUSY_CHANGES)
    async with _frozen(victim):
        for twin in each.twins:
            await each.start(twin)
        await each.change(CHANGES)
        assert await each.all_handled(seconds=TAKEN_OVER_SECONDS), f"nobody took over from {victim.name}"
    await each.change(1)


def _is_stopped(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None


@asynccontextmanager
async def _frozen(child: Child) -> AsyncIterator[None]:
    """While it is frozen where it freezes itself; awake afterwards."""
    pid = child.pid
    assert pid is not None

    async def is_stopped() -> bool:
        return _is_stopped(pid)

    await eventually(is_stopped, seconds=FROZEN_SECONDS)
    try:
        yield
        assert _is_stopped(pid), f"{child.name} was awake"
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.reliability
@pytest.mark.nightly
@pytest.mark.timeout(300)
async def test_what_a_full_broker_does_not_take_waits(
    backing: BackingServices, database_prefix: str, tmp_path: Path, summary: Summary
) -> None:
    """A broker short of memory blocks publishers: changes go on, their events wait, and go out once it has room."""
    broker = backing.broker
    if not isinstance(broker, OwnBroker):
        pytest.skip("needs a broker of our own")
    async with trial(backing, database_prefix, tmp_path, RIGHT) as each:
        await each.start(each.relay)
        await each.start(each.consumer)
        await each.change(1)
        assert await each.all_handled(seconds=TAKEN_OVER_SECONDS)
        await in_thread(lambda: broker.control("set_vm_memory_high_watermark", "absolute", "1"))
        try:
            await each.change(CHANGES)
            assert not await each.all_sent(seconds=5), "the broker was not full"
            await each.change(CHANGES)
        finally:
            await in_thread(lambda: broker.control("set_vm_memory_high_watermark", "0.4"))
        assert await each.all_handled(seconds=TAKEN_OVER_SECONDS)
        found = await each.broken_promises()
    summary.found(found)
    assert found == []
