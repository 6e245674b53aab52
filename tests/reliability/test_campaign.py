"""The whole system at work while its processes, its broker and its database are killed."""

import asyncio
import random
import time
from collections.abc import Sequence
from itertools import chain

import pytest
from reliability.client import Client, Seen, http_session
from reliability.facts import EndState
from reliability.followers import Follower, following, with_lists
from reliability.keeper import ELECTIONS, Keeper, targets
from reliability.load import Journal, Worker
from reliability.rest import broken_promises, come_to_rest
from reliability.summary import Size, Summary

from rapport_local.backing import BackingServices
from rapport_local.testing import RunningSystem

WORKERS = 6
SHARED_CUSTOMERS = 3
# A command waits for nobody longer than for a lock of the embedded database.
PATIENCE_SECONDS = 120


@pytest.mark.reliability
@pytest.mark.timeout(4000)
async def test_nothing_is_lost_and_nothing_done_twice_while_everything_is_killed(
    running_system: RunningSystem, backing: BackingServices, end_state: EndState, size: Size, summary: Summary
) -> None:
    print(f"seed {size.seed}")
    keeper, journal, seen = Keeper(targets(running_system, backing), size.seed), Journal(), Seen()
    async with http_session() as http:
        manager = running_system.accounts["manager"]
        clients = [Client(running_system.gateway, manager, http, seen) for _ in range(WORKERS)]
        owners = [str(running_system.accounts[name].id) for name in ("manager", "sales", "sales2")]
        workers = [
            Worker(client, journal, owners, random.Random(size.seed + number)) for number, client in enumerate(clients)
        ]
        journal.shared = [made for _ in range(SHARED_CUSTOMERS) if (made := await workers[0].create())]
        followers = await with_lists(running_system.gateway, running_system.accounts["support"], size.seed)
        async with following(followers):
            striking = asyncio.create_task(keeper.strike(size.kills, seconds=size.seconds))
            await asyncio.gather(*(_work(worker, striking) for worker in workers))
            await striking
        await keeper.revive()
        # Nobody follows while it is made, nor changes it later: who does not ask for what was missed never has it.
        assert await workers[0].create() is not None
        drained_in = await come_to_rest(end_state)
        async with following(followers):
            *missed, missed_by_the_forgetful = [await follower.missed() for follower in followers]
    found = [*await broken_promises(end_state, journal.commands), *chain.from_iterable(missed)]
    summary.kills = len(keeper.kills)
    summary.found(found)
    summary.lines += [
        *_report(keeper, journal, seen, drained_in, size.seed),
        _followers_report(followers, len(missed_by_the_forgetful)),
    ]
    assert len(keeper.kills) == size.kills
    assert all(kill.proven for kill in keeper.kills), keeper.kills
    assert seen.troubles or seen.slow, "no client noticed a kill"
    assert journal.acknowledged > size.kills
    assert found == []
    assert all(follower.losses for follower in followers), "no follower lost its connection"
    assert missed_by_the_forgetful, "who forgets its cursor missed nothing: nothing is proven of the others"


async def _work(worker: Worker, striking: "asyncio.Task[None]") -> None:
    while not striking.done():
        await worker.one_story()
        worker.client.give_up_at = time.monotonic() + PATIENCE_SECONDS


def _report(keeper: Keeper, journal: Journal, seen: Seen, drained_in: float, seed: int) -> list[str]:
    down: dict[str, list[float]] = {}
    for kill in keeper.kills:
        down.setdefault(kill.target, []).append(kill.down_seconds)
    troubles = ", ".join(f"{count} {kind}" for kind, count in seen.troubles.most_common())
    killed = ", ".join(f"{name} x {len(times)} (back in {max(times):.1f} s)" for name, times in down.items())
    slow = f"{seen.slow} commands took over 1 s, the slowest {seen.slowest:.1f} s"
    return [
        f"seed {seed}: {len(journal.commands)} commands, {journal.acknowledged} acknowledged",
        f"{sum(seen.troubles.values())} attempts failed ({troubles}); {slow}; drained in {drained_in:.1f} s",
        f"killed: {killed}",
        f"queues that the broker left without a leader: {sum(ELECTIONS)}",
        f"ended without being killed: {', '.join(keeper.ended_by_themselves) or 'none'}",
    ]


def _followers_report(followers: Sequence[Follower], missed_by_the_forgetful: int) -> str:
    losses = ", ".join(str(follower.losses) for follower in followers)
    resets = sum(follower.mobile.resets for follower in followers)
    return (
        f"followers lost their connections {losses} times, were told to begin anew {resets} times; "
        f"the one that forgets its cursor missed {missed_by_the_forgetful} records"
    )
