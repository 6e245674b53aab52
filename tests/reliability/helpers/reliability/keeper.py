"""Kills processes and starts them again."""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rapport_local.backing import BackingServices, Broker
from rapport_local.backing.model import Server
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.processes.child import Child
from rapport_local.testing import RunningSystem
from reliability.leaders import elect_missing

BROKER, DATABASE = "broker", "database"
# In one round every process is killed once, these twice.
_TWICE = (BROKER, DATABASE)
ELECTIONS: list[int] = []
"""How many queues the broker left without a leader, at each restart that left some."""
# The kernel kills a process of ours when the thread that started it ends: these stay until the end of the run.
_THREADS = ThreadPoolExecutor(8, thread_name_prefix="keeper")


@dataclass(frozen=True)
class Target:
    """A process, and how it comes back."""

    process: Child
    start: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill that has happened; ``down_seconds``: until it was ready again."""

    target: str
    old_pid: int
    new_pid: int
    exit_code: int
    down_seconds: float

    @property
    def proven(self) -> bool:
        """The process ended by SIGKILL and another one does its work."""
        return self.exit_code == -signal.SIGKILL and self.new_pid != self.old_pid


async def in_thread(action: Callable[[], object]) -> None:
    """Run what waits for processes, in a thread that may start some."""
    await asyncio.get_running_loop().run_in_executor(_THREADS, action)


class Keeper:
    """Strikes one process, or two at once, in a random order that covers all; brings back what ended by itself."""

    def __init__(self, targets: Mapping[str, Target], seed: int) -> None:
        self._targets = targets
        self._random = random.Random(seed)
        self.kills: list[Kill] = []
        self.ended_by_themselves: list[str] = []

    async def strike(self, kills: int, *, seconds: float) -> None:
        """That many kills, spread over at least that time."""
        order = self._order(kills)
        started = time.monotonic()
        while order:
            due = started + seconds * len(self.kills) / kills
            await asyncio.sleep(max(0.0, due - time.monotonic()) + self._random.uniform(0, 1))
            both = order[:2] if self._random.random() < 0.25 else order[:1]
            now = list(dict.fromkeys(both))
            order = order[len(now) :]
            self.kills += await asyncio.gather(*(self._kill(name) for name in now))
            await self.revive()

    async def revive(self) -> None:
        """Start what has ended without being killed."""
        for name, target in self._targets.items():
            if not target.process.running:
                self.ended_by_themselves.append(name)
                await in_thread(target.start)

    def _order(self, kills: int) -> list[str]:
        order: list[str] = []
        while len(order) < kills:
            round_ = [*self._targets, *(name for name in _TWICE if name in self._targets)]
            self._random.shuffle(round_)
            order += round_
        return order[:kills]

    async def _kill(self, name: str) -> Kill:
        target = self._targets[name]
        old_pid = target.process.pid
        await in_thread(target.process.kill)
        exit_code, killed_at = target.process.exit_code, time.monotonic()
        await in_thread(target.start)
        new_pid = target.process.pid
        assert old_pid is not None
        assert new_pid is not None
        assert exit_code is not None
        return Kill(name, old_pid, new_pid, exit_code, time.monotonic() - killed_at)


def restart_broker(broker: Broker) -> None:
    """Start the broker after a kill, with a leader for every queue."""
    broker.start()
    if isinstance(broker, OwnBroker) and (elected := elect_missing(broker)):
        ELECTIONS.append(elected)


def targets(system: RunningSystem, backing: BackingServices) -> dict[str, Target]:
    """Every process of the system, and the servers as far as they are ours."""
    found = {name: _of_system(system, name) for name in system.processes}
    for name, server in ((BROKER, backing.broker), (DATABASE, backing.database)):
        own: Sequence[Child] = server.children
        if own:
            found[name] = Target(own[-1], _starter(server))
    return found


def _of_system(system: RunningSystem, name: str) -> Target:
    return Target(system.processes[name], lambda: system.restart(name))


def _starter(server: Server) -> Callable[[], None]:
    if isinstance(server, OwnBroker):
        return lambda: restart_broker(server)
    return server.start
