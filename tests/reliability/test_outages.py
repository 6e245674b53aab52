"""The broker is away: work goes on, and what it should have published follows."""

import asyncio
import random
import time

import pytest
from reliability.client import Client, Seen, http_session
from reliability.facts import EndState
from reliability.keeper import in_thread, restart_broker
from reliability.load import Journal, Worker
from reliability.rest import broken_promises, come_to_rest
from reliability.summary import Size, Summary

from rapport_local.backing import BackingServices
from rapport_local.testing import RunningSystem

WORKERS = 6
DOWN_SECONDS = 60


@pytest.mark.reliability
@pytest.mark.nightly
@pytest.mark.timeout(600)
async def test_nobody_who_works_notices_that_the_broker_is_away(
    running_system: RunningSystem, backing: BackingServices, end_state: EndState, size: Size, summary: Summary
) -> None:
    journal, seen, manager = Journal(), Seen(), running_system.accounts["manager"]
    async with http_session() as http:
        owners = [str(running_system.accounts[name].id) for name in ("manager", "sales", "sales2")]
        workers = [
            Worker(
                Client(running_system.gateway, manager, http, seen), journal, owners, random.Random(size.seed + number)
            )
            for number in range(WORKERS)
        ]
        await in_thread(backing.broker.kill)
        over = time.monotonic() + DOWN_SECONDS
        await asyncio.gather(*(_create_until(over, worker) for worker in workers))
        waiting = sum((await end_state.waiting()).values())
        assert waiting >= len(journal.commands), "somebody took the events"
        await in_thread(lambda: restart_broker(backing.broker))
    drained_in = await come_to_rest(end_state)
    found = await broken_promises(end_state, journal.commands)
    summary.found(found)
    summary.lines.append(
        f"broker away for {DOWN_SECONDS} s: {len(journal.commands)} commands, {sum(seen.troubles.values())} failed; "
        f"{waiting} events waited, drained in {drained_in:.1f} s"
    )
    assert not seen.troubles
    assert journal.acknowledged == len(journal.commands)
    assert found == []


async def _create_until(over: float, worker: Worker) -> None:
    while time.monotonic() < over:
        await worker.create()
