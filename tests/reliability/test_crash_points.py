"""Processes of the running system end at named points, again and again; nothing is lost and nothing done twice."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest
from reliability.armed import EXIT_CODE, fault_env
from reliability.client import Client, http_session
from reliability.facts import EndState
from reliability.keeper import in_thread
from reliability.load import Journal, Worker
from reliability.rest import broken_promises, come_to_rest
from reliability.summary import Size, Summary

from rapport_local.system.readiness import answers_ready
from rapport_local.testing import RunningSystem

SERVICE_POINTS = ("service.mid-transaction", "service.after-commit-before-answer")
RELAY_POINTS = (
    "relay.after-read-before-publish",
    "relay.after-publish-before-confirm",
    "relay.after-confirm-before-mark",
)
CONSUMER_POINTS = ("consumer.before-transaction", "consumer.after-commit-before-ack")
# Its messages wait until the database gives up the dead process's locks.
SLOW_CONSUMER_POINTS = ("consumer.mid-transaction",)
# Only what no other of them needs: a process that is down keeps the commands and events of others from theirs.
AT_ONCE = ((SERVICE_POINTS,), (RELAY_POINTS, CONSUMER_POINTS), (SLOW_CONSUMER_POINTS,))
# A message that was with a dying consumer more often than the delivery limit (10) is dead-lettered, as is meant.
CRASHES_BETWEEN_RESTS = 3
CRASH_SECONDS = 180


@dataclass
class Track:
    """One process and the commands that bring it to its crash points."""

    system: RunningSystem
    process: str
    command: Callable[[], Awaitable[object]]
    sent: list["asyncio.Task[object]"] = field(default_factory=list)
    crashes: dict[str, int] = field(default_factory=dict)

    async def crash(self, point: str, times: int) -> None:
        """Let the process end at the point that many times; it is down afterwards."""
        child = self.system.processes[self.process]
        await in_thread(lambda: child.end(grace=10))
        child.env.update(fault_env(crash_point=point))
        for _ in range(times):
            await in_thread(child.start)
            if self.process.endswith("-api"):
                await self._until_ready_or_gone()
            self.sent.append(asyncio.ensure_future(self.command()))
            await in_thread(lambda: child.wait(CRASH_SECONDS))
            assert child.exit_code == EXIT_CODE, f"{point} was not reached: {child.exit_code}"
            self.crashes[point] = self.crashes.get(point, 0) + 1

    async def recover(self) -> None:
        """Start the process without a fault."""
        self.system.processes[self.process].env.update(fault_env())
        await in_thread(lambda: self.system.restart(self.process))

    async def _until_ready_or_gone(self) -> None:
        """A repeated command of an earlier client may reach the process before it says that it is ready."""
        child, url = self.system.processes[self.process], self.system.system.specs[self.process].ready_url
        deadline = time.monotonic() + CRASH_SECONDS
        while child.running and not await asyncio.to_thread(answers_ready, url):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


@pytest.mark.reliability
@pytest.mark.timeout(3600)
async def test_a_crash_at_every_point_loses_nothing_and_does_nothing_twice(
    running_system: RunningSystem, end_state: EndState, size: Size, summary: Summary
) -> None:
    journal, manager = Journal(), running_system.accounts["manager"]
    async with http_session() as http:
        client = Client(running_system.gateway, manager, http, give_up_at=time.monotonic() + 3000)
        worker = Worker(client, journal, [str(manager.id)], random.Random(size.seed))
        customer = await worker.create()
        assert customer is not None
        service = Track(running_system, "customers-api", worker.create)
        relay = Track(running_system, "customers-worker", worker.create)
        consumer = Track(running_system, "tasks-worker", lambda: worker.record(customer.id, chance=1))
        slow_consumer = Track(running_system, "interactions-worker", worker.put_one_away)
        tracks = {
            SERVICE_POINTS: service,
            RELAY_POINTS: relay,
            CONSUMER_POINTS: consumer,
            SLOW_CONSUMER_POINTS: slow_consumer,
        }
        for times in _batches(size.repeats):
            for together in AT_ONCE:
                await asyncio.gather(*(_crash_at(tracks[points], points, times) for points in together))
            await asyncio.gather(*(command for track in tracks.values() for command in track.sent))
            await come_to_rest(end_state)
    crashes = {point: times for track in tracks.values() for point, times in track.crashes.items()}
    found = await broken_promises(end_state, journal.commands)
    summary.crash_points, summary.repeats = len(crashes), min(crashes.values())
    summary.found(found)
    assert set(crashes) == {point for points in tracks for point in points}
    assert set(crashes.values()) == {size.repeats}
    assert len(journal.commands) > sum(crashes.values())
    assert all(command.acknowledged for command in journal.commands)
    assert found == []


async def _crash_at(track: Track, points: tuple[str, ...], times: int) -> None:
    for point in points:
        await track.crash(point, times)
    await track.recover()


def _batches(repeats: int) -> Iterator[int]:
    while repeats > 0:
        yield min(repeats, CRASHES_BETWEEN_RESTS)
        repeats -= CRASHES_BETWEEN_RESTS
