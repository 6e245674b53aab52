"""The command line that every service has: ``python -m rapport_<service> api | worker | migrate | schema | …``."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette

from rapport_shared.audit import Chain, verify
from rapport_shared.clock import system_clock
from rapport_shared.delivery.published import published_blocks
from rapport_shared.delivery.snapshots import Snapshot, by_kind, send_snapshot
from rapport_shared.logs import configure_logging
from rapport_shared.messaging import QueueMissing
from rapport_shared.messaging.connection import open_channel
from rapport_shared.messaging.dead_letters import list_dead_letters, redrive
from rapport_shared.messaging.topology import ConsumerGroup
from rapport_shared.mongo import connect, database_name
from rapport_shared.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)
GRACE_SECONDS = 20
KEEP_ALIVE_SECONDS = 75  # longer than the gateway, and what stands between, keeps a connection that is idle
_ANCHOR_HELP = "a block's number and hash, kept elsewhere, such as in the worker's logs"


@dataclass(frozen=True, slots=True)
class Command(Generic[S]):
    """A command of one service's own; ``flags`` are options without a value, and what they do."""

    name: str
    help: str
    run: Callable[[S, argparse.Namespace], Awaitable[None]]
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceProcess(Generic[S]):
    """What a service gives to its command line."""

    name: str
    settings: type[S]
    api: Callable[[S], Starlette]
    worker: Callable[[S], Starlette]
    migrate: Callable[[S], Awaitable[None]]
    sdl: Callable[[], str]
    commands: tuple[Command[S], ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    def main(self) -> int:
        """Run the command that the arguments name; the exit status."""
        parser = argparse.ArgumentParser(prog=f"python -m rapport_{self.name}")
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("api", help="serve GraphQL")
        commands.add_parser("worker", help="publish the outbox, handle events")
        commands.add_parser("migrate", help="create indexes, exchanges and queues; repeatable")
        commands.add_parser("schema", help="print the federated SDL")
        dead_letters = commands.add_parser("dead-letters", help="messages that could not be handled")
        dead_letters.add_argument("action", choices=("list", "retry"))
        dead_letters.add_argument("--limit", type=int, default=100)
        audit = commands.add_parser("audit", help="the audit log: verify finds what was edited or deleted")
        audit.add_argument("action", choices=("verify",))
        audit.add_argument("--anchor", type=_anchor, action="append", default=[], metavar="SEQ:HASH", help=_ANCHOR_HELP)
        if self.snapshots:
            snapshot = commands.add_parser("snapshot", help="send every record of a kind to a queue, as it is now")
            snapshot.add_argument("kind", choices=sorted(by_kind(self.snapshots)))
            snapshot.add_argument("--to", required=True, metavar="QUEUE")
        for command in self.commands:
            own = commands.add_parser(command.name, help=command.help)
            for flag, meaning in command.flags.items():
                own.add_argument(flag, action="store_true", help=meaning)
        arguments = parser.parse_args()
        if arguments.command == "schema":
            sys.stdout.write(self.sdl())
            return 0
        try:
            settings = self.settings()
        except ValidationError as invalid:
            for error in invalid.errors():
                sys.stderr.write(f"setting {'.'.join(map(str, error['loc']))}: {error['msg']}\n")
            return 2
        configure_logging(settings.log_level, process=f"{self.name}-{arguments.command}")
        return self._run(arguments, settings)

    def _run(self, arguments: argparse.Namespace, settings: S) -> int:
        match arguments.command:
            case "api":
                return serve(self.api(settings), settings.host, settings.port)
            case "worker":
                return serve(self.worker(settings), settings.host, settings.worker_port)
            case "migrate":
                asyncio.run(_awaited(self.migrate(settings)))
            case "dead-letters":
                action = _list if arguments.action == "list" else _retry
                asyncio.run(action(settings.amqp_url, ConsumerGroup(self.name), arguments.limit))
            case "audit":
                return asyncio.run(_verify_audit(settings, self.name, dict(arguments.anchor)))
            case "snapshot":
                wanted = by_kind(self.snapshots)[arguments.kind]
                return asyncio.run(_send_snapshot(settings, self.name, wanted, arguments.to))
            case name:
                for command in self.commands:
                    if command.name == name:
                        asyncio.run(_awaited(command.run(settings, arguments)))
        return 0


def serve(app: Starlette, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is in flight, within 20 s; 1 where the app failed by itself."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)  # the server raises what stopped it once more when it is done
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=2**20,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        server_header=False,
    )
    return 1 if getattr(app.state, "failed", False) else 0


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


def _anchor(text: str) -> tuple[int, str]:
    seq, _, block_hash = text.partition(":")
    return int(seq), block_hash


async def _verify_audit(settings: ServiceSettings, service: str, anchors: dict[int, str]) -> int:
    """0 where the log is as it was written; else 1, with one line for each edit or deletion."""
    published = await published_blocks(settings.amqp_url, service) | anchors
    mongo = connect(settings.mongo_url, database_name(settings.database_prefix, service))
    try:
        problems = [problem async for problem in verify(mongo.database, published)]
        head = await Chain(mongo, system_clock).head()
    finally:
        await mongo.close()
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"{service}: {head.seq} blocks, {len(published)} published, {len(problems)} problems\n")
    return 1 if problems else 0


async def _send_snapshot(settings: ServiceSettings, service: str, snapshot: Snapshot, queue: str) -> int:
    """0 where all were sent, 2 where there is no such queue."""
    mongo = connect(settings.mongo_url, database_name(settings.database_prefix, service))
    try:
        async with open_channel(settings.amqp_url) as channel:
            sent = await send_snapshot(channel, queue, snapshot, mongo.database, service=service, clock=system_clock)
    except QueueMissing:
        sys.stderr.write(f"there is no queue {queue}\n")
        return 2
    finally:
        await mongo.close()
    sys.stdout.write(f"{sent} records of {snapshot.kind} sent to {queue}\n")
    return 0


async def _list(amqp_url: str, group: ConsumerGroup, limit: int) -> None:
    async with open_channel(amqp_url) as channel:
        for letter in await list_dead_letters(channel, group, limit):
            sys.stdout.write(f"{letter.message_id}\t{letter.event_type}\t{letter.reason}\t{letter.detail}\n")


async def _retry(amqp_url: str, group: ConsumerGroup, limit: int) -> None:
    async with open_channel(amqp_url) as channel:
        async for letter in redrive(channel, group, limit):
            sys.stdout.write(f"{letter.message_id}\t{letter.event_type}\tsent again\n")
