"""Two relays and two consumers: one works, the other takes over; and a broker that takes nothing more for a while."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from reliability.checker import TWICE
from reliability.keeper import in_thread
from reliability.summary import Summary
from reliability.trial import RIGHT, Trial, trial

from rapport_local.backing import BackingServices
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.processes.child import Child

# A lease of the relay lasts 15 s; the broker gives a consumer up after two silent heartbeats, some 30 s.
TAKEN_OVER_SECONDS = 90
CHANGES = 3
BUSY_CHANGES = 30


def the_relay(of: Trial) -> Child:
    return of.relay


def the_consumer(of: Trial) -> Child:
    return of.consumer


@pytest.mark.reliability
@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("victim", "mutants"), [(the_relay, {}), (the_consumer, {"no-inbox": TWICE})], ids=["relay", "consumer"]
)
async def test_a_frozen_process_is_relieved_and_does_no_harm_when_it_wakes(
    victim: Callable[[Trial], Child],
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
        await asyncio.gather(*(_relieve(each, victim) for each in trials.values()))
        found = {design: await each.broken_promises() for design, each in trials.items()}
    caught = [mutant for mutant, kind in mutants.items() if kind in {violation.kind for violation in found[mutant]}]
    summary.mutants += len(mutants)
    summary.caught += len(caught)
    summary.found(found[RIGHT])
    assert found[RIGHT] == []
    assert caught == list(mutants), f"not caught: {found}"


async def _relieve(each: Trial, victim: Callable[[Trial], Child]) -> None:
    await each.start(each.relay)
    await each.start(each.consumer)
    await each.change(1)
    assert await each.all_handled(seconds=TAKEN_OVER_SECONDS)
    for twin in each.twins:
        await each.start(twin)
    await each.change(BUSY_CHANGES)
    async with _frozen(victim(each)):
        await each.change(CHANGES)
        assert await each.all_handled(seconds=TAKEN_OVER_SECONDS), f"nobody took over from {victim.__name__}"
    await each.change(1)


def _is_stopped(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None


@asynccontextmanager
async def _frozen(child: Child) -> AsyncIterator[None]:
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
        assert _is_stopped(child.pid), f"{child.name} was awake"
    finally:
        os.kill(child.pid, signal.SIGCONT)


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
