"""One design, right or broken, under one fault: what it loses, repeats or confuses."""

import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from messaging_bench import Bench
from network_proxy import NetworkProxy
from waiting import eventually
from yarl import URL

from rapport_local.backing import BackingServices, Broker
from rapport_local.processes.child import Child
from rapport_shared.mongo import connect, create_indexes
from rapport_shared.persistence import BOOKKEEPING_INDEXES
from reliability.armed import CRASH_POINT, fault_env
from reliability.bench_process import GROUP
from reliability.checker import Facts, Violation, effects, violations
from reliability.cluster import Cluster
from reliability.keeper import in_thread

RIGHT = "right"
SUBJECTS = tuple(f"cus_{number}" for number in range(4))
_DRAIN_SECONDS = 45
_QUIET_LOOKS = 25
_HELPERS = Path(__file__).resolve().parents[1]


@dataclass
class Trial:
    """A bench whose relay and consumer are processes, with a database and a virtual host of their own.

    The two processes reach both over networks that can be broken (a cluster: directly); the bench itself directly.
    """

    bench: Bench
    relay: Child
    consumer: Child
    to_database: NetworkProxy
    to_broker: NetworkProxy
    twins: tuple[Child, Child]
    """Another relay and another consumer, for who starts them."""
    versions: int = 0

    async def change(self, times: int) -> None:
        """So many more versions of every subject, each in a transaction of its own."""
        for _ in range(times):
            await self.bench.change(*SUBJECTS)
        self.versions += times

    async def start(self, child: Child, *, crash_point: str | None = None) -> None:
        """Start the relay or the consumer; its mutant stays as it is."""
        child.env[CRASH_POINT] = crash_point or ""
        await in_thread(child.start)

    async def all_sent(self, *, seconds: float) -> bool:
        """Whether the outbox has nothing that waits, within that time."""
        return await self.fewer_wait(1, seconds=seconds)

    async def fewer_wait(self, events: int, *, seconds: float) -> bool:
        """Whether fewer events than that wait in the outbox, within that time."""

        async def fewer() -> bool:
            return await self.bench.waiting() < events

        return await _within(seconds, fewer)

    async def broken_promises(self) -> list[Violation]:
        """What the ledger shows once nothing moves any more."""
        await self._come_to_rest()
        expected = dict.fromkeys(SUBJECTS, self.versions)
        queued = {"the queue": await self.bench.messages_left(), "dead letters": len(await self.bench.dead_letters())}
        left = Facts(events={}, records={}, waiting={"the bench": await self.bench.waiting()}, queued=queued)
        return [*violations(left, ()), *effects(expected, await self.bench.ledger())]

    async def all_queued(self, *, seconds: float) -> bool:
        """Whether the broker has every event in the consumer's queue, within that time."""

        async def queued() -> bool:
            return await self.bench.messages_left() >= self.versions * len(SUBJECTS)

        return await _within(seconds, queued)

    async def all_handled(self, *, seconds: float) -> bool:
        """Whether every event has had an effect, within that time."""

        async def handled() -> bool:
            effects_now = await self.bench.mongo.database["ledger"].count_documents({})
            return effects_now >= self.versions * len(SUBJECTS)

        return await _within(seconds, handled)

    async def _come_to_rest(self) -> None:
        """Until every event has had an effect, or nothing has happened for a while (what is lost does not come)."""
        looks: list[tuple[int, int, int]] = []
        wanted = self.versions * len(SUBJECTS)

        async def at_rest() -> bool:
            effects_now = await self.bench.mongo.database["ledger"].count_documents({})
            looks.append((await self.bench.waiting(), await self.bench.messages_left(), effects_now))
            done = looks[-1] == (0, 0, wanted)
            quiet = looks[-1][:2] == (0, 0) and len(set(looks[-_QUIET_LOOKS:])) == 1 and len(looks) >= _QUIET_LOOKS
            return quiet or (done and len(looks) >= 2 and looks[-2] == looks[-1])

        with suppress(AssertionError):  # the check says what is left
            await eventually(at_rest, seconds=_DRAIN_SECONDS)


async def _within(seconds: float, look: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return bool(await eventually(look, seconds=seconds))
    except AssertionError:
        return False


@asynccontextmanager
async def trial(
    backing: BackingServices, prefix: str, logs: Path, design: str, *, nodes: Cluster | None = None
) -> AsyncIterator[Trial]:
    """A trial of the right design or of a mutant, on a cluster if there is one; its processes are ended at the end."""
    name = f"{prefix}_{secrets.token_hex(3)}"
    amqp_url = await _new_vhost(nodes or backing.broker, name)
    mongo = connect(backing.mongo_url, name)
    await create_indexes(mongo.database, BOOKKEEPING_INDEXES)
    async with (
        NetworkProxy(_port(backing.mongo_url)) as to_database,
        NetworkProxy(_port(amqp_url.split(",")[0])) as to_broker,
    ):
        mongo_url = URL(backing.mongo_url).with_port(to_database.port).with_query(directConnection="true")
        broker_url = amqp_url if nodes else str(URL(amqp_url).with_port(to_broker.port))
        there = (str(mongo_url), name, broker_url, logs)
        (relay, consumer), twins = (
            (_child("relay", design, *there, suffix), _child("consumer", design, *there, suffix))
            for suffix in ("", "-twin")
        )
        try:
            yield Trial(Bench(mongo, amqp_url, GROUP), relay, consumer, to_database, to_broker, twins)
        finally:
            for child in (relay, consumer, *twins):
                child.kill()
            await mongo.close()


def _port(url: str) -> int:
    port = URL(url).port
    assert port is not None, "an address without a port"
    return port


async def _new_vhost(broker: Broker | Cluster, name: str) -> str:
    made: list[str] = []
    await in_thread(lambda: made.append(broker.create_vhost(name)))
    return made[0]


def _child(role: str, design: str, mongo_url: str, database: str, amqp_url: str, logs: Path, suffix: str) -> Child:
    env = {
        **os.environ,
        **fault_env(mutant=None if design == RIGHT else design),
        "RAPPORT_MONGO_URL": mongo_url,
        "RAPPORT_DATABASE": database,
        "RAPPORT_AMQP_URL": amqp_url,
    }
    helpers = [str(_HELPERS), str(_HELPERS.parents[1] / "helpers")]
    env["PYTHONPATH"] = os.pathsep.join([*helpers, env["PYTHONPATH"]])
    command = [sys.executable, "-m", "reliability.bench_process", role]
    name = f"{design}-{role}{suffix}"
    return Child(name, command, log=logs / f"{database}-{name}.log", env=env)
