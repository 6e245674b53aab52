"""Designs that are wrong in one way each, under the fault that shows it; the right design stands beside them.

A mutant that comes through unharmed means that the suite would not notice such a defect in the product.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from aio_pika.abc import AbstractChannel
from reliability.armed import EXIT_CODE
from reliability.checker import LEFT, LOST, ORDER, TWICE, Violation
from reliability.keeper import in_thread, restart_broker
from reliability.summary import Summary
from reliability.trial import RIGHT, SUBJECTS, Trial, trial

from rapport_local.backing import BackingServices
from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.messaging.topology import EVENTS, LOG

CRASH_SECONDS = 30
# RabbitMQ 3.10 writes where a new quorum queue lies (Ra's directory, a DETS table) some seconds later:
# one that is killed before has forgotten the queue, with what it had confirmed.
YOUNG_SECONDS = 4
# How long the right design is watched where a claim of success would be wrong.
CLAIM_SECONDS = 2

T = TypeVar("T")
Fault = Callable[[dict[str, Trial], BackingServices], Awaitable[None]]


async def broker_freezes_and_is_killed(trials: dict[str, Trial], backing: BackingServices) -> None:
    """Some messages lie in the queue, others are on their way, when the broker is killed."""
    await _each(trials, lambda each: each.start(each.relay))
    await _each(trials, lambda each: each.change(5))
    assert all([await each.all_sent(seconds=CRASH_SECONDS) for each in trials.values()])
    # Mutants say that all is sent before it is; a relay that still waits for a confirm does not read what comes next.
    assert all([await each.all_queued(seconds=CRASH_SECONDS) for each in trials.values()])
    await asyncio.sleep(YOUNG_SECONDS)
    killed = backing.broker.pid
    assert killed is not None
    os.kill(killed, signal.SIGSTOP)
    try:
        await _each(trials, lambda each: each.change(5))
        await _claims(trials, 5 * len(SUBJECTS), "no-confirms", "mark-first")
    finally:
        await in_thread(backing.broker.kill)
        await in_thread(lambda: restart_broker(backing.broker))
    assert backing.broker.pid not in {None, killed}
    assert all([await each.all_sent(seconds=CRASH_SECONDS) for each in trials.values()])
    await _each(trials, lambda each: each.start(each.consumer))


async def nobody_is_bound(trials: dict[str, Trial], _: BackingServices) -> None:
    """For a while no queue takes the events."""
    await _each(trials, lambda each: each.start(each.relay))
    await _each(trials, lambda each: each.change(1))
    assert all([await each.all_sent(seconds=CRASH_SECONDS) for each in trials.values()])
    await _each(trials, lambda each: _bind(each, bound=False))
    await _each(trials, lambda each: each.change(2))
    await _claims(trials, 2 * len(SUBJECTS), "not-mandatory")
    await _each(trials, lambda each: _bind(each, bound=True))
    await _each(trials, lambda each: each.start(each.consumer))


async def relay_dies_before_it_marks(trials: dict[str, Trial], _: BackingServices) -> None:
    """The broker has the events, the outbox does not know."""
    await _each(trials, lambda each: each.start(each.consumer))
    await _each(trials, lambda each: each.change(3))
    await _each(trials, lambda each: _crash(each, "relay", "relay.after-confirm-before-mark"))


async def consumer_dies_before_its_effect(trials: dict[str, Trial], _: BackingServices) -> None:
    """It has been given messages and has not handled them."""
    await _each(trials, lambda each: each.start(each.relay))
    await _each(trials, lambda each: each.change(3))
    await _each(trials, lambda each: _crash(each, "consumer", "consumer.before-transaction"))


async def some_events_take_longer(trials: dict[str, Trial], _: BackingServices) -> None:
    """Many changes of few subjects lie in the queue; each takes a random time."""
    await _each(trials, lambda each: each.start(each.relay))
    await _each(trials, lambda each: each.change(20))
    assert all([await each.all_sent(seconds=CRASH_SECONDS) for each in trials.values()])
    await _each(trials, lambda each: each.start(each.consumer))


@pytest.mark.reliability
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("fault", "mutants"),
    [
        (nobody_is_bound, {"not-mandatory": LOST}),
        (relay_dies_before_it_marks, {"no-inbox": TWICE}),
        (consumer_dies_before_its_effect, {"ack-first": LOST}),
        (some_events_take_longer, {"no-lanes": ORDER}),
        # Last: a RabbitMQ that is killed within seconds of its first stream does not find the stream again.
        (broker_freezes_and_is_killed, {"no-confirms": LOST, "transient": LOST, "mark-first": LOST}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "-".join(value),
)
async def test_the_right_design_comes_through_and_its_mutants_are_caught(
    fault: Fault,
    mutants: dict[str, str],
    backing: BackingServices,
    database_prefix: str,
    tmp_path: Path,
    summary: Summary,
) -> None:
    async with AsyncExitStack() as stack:
        trials = {
            design: await stack.enter_async_context(trial(backing, database_prefix, tmp_path, design))
            for design in (RIGHT, *mutants)
        }
        await fault(trials, backing)
        await _each(trials, lambda each: each.change(1))  # what comes after the fault reaches every design
        found = dict(zip(trials, await _each(trials, lambda each: each.broken_promises()), strict=True))
        late = {Violation(LOST, f"{subject} v{trials[RIGHT].versions}") for subject in SUBJECTS}
    caught = [mutant for mutant, kind in mutants.items() if kind in _kinds(found[mutant])]
    broken_altogether = [mutant for mutant in mutants if LEFT in _kinds(found[mutant]) or late & set(found[mutant])]
    summary.mutants += len(mutants)
    summary.caught += len(caught)
    summary.found(found[RIGHT])
    assert found[RIGHT] == []
    assert broken_altogether == [], f"these prove nothing: {found}"
    assert caught == list(mutants), f"not caught: {found}"


async def _each(trials: dict[str, Trial], action: Callable[[Trial], Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*(action(each) for each in trials.values())))


async def _claims(trials: dict[str, Trial], events: int, *mutants: str) -> None:
    """None of the last events can be delivered now: these mutants mark some as sent, the right design does not."""
    for mutant in mutants:
        assert await trials[mutant].fewer_wait(events, seconds=CRASH_SECONDS), f"{mutant} marked nothing"
    assert not await trials[RIGHT].fewer_wait(events, seconds=CLAIM_SECONDS), "the fault met no message on its way"


async def _crash(trial_: Trial, role: str, point: str) -> None:
    """Let the process end at the point, and start it again."""
    child = trial_.relay if role == "relay" else trial_.consumer
    await trial_.start(child, crash_point=point)
    await in_thread(lambda: child.wait(CRASH_SECONDS))
    assert child.exit_code == EXIT_CODE, f"{point} was not reached: {child.exit_code}, see {child.log}"
    await trial_.start(child)


async def _bind(trial_: Trial, *, bound: bool) -> None:
    async with trial_.bench.channel() as channel:
        await (_bound(channel, trial_) if bound else _unbound(channel, trial_))


async def _bound(channel: AbstractChannel, trial_: Trial) -> None:
    queue = await channel.get_queue(trial_.bench.group.queue)
    await queue.bind(EVENTS, CustomerUpdated.routing_key)


async def _unbound(channel: AbstractChannel, trial_: Trial) -> None:
    """Also from the log, which takes everything."""
    log, queue = await channel.get_queue(LOG), await channel.get_queue(trial_.bench.group.queue)
    await log.unbind(EVENTS, "#")
    await queue.unbind(EVENTS, CustomerUpdated.routing_key)


def _kinds(found: list[Violation]) -> set[str]:
    return {violation.kind for violation in found}
