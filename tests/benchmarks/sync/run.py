"""How long a change takes to an open subscription, and how fast a relay is, beside the bare broker in the same run.

    python -m tests.benchmarks.sync.run [--rate CHANGES_A_SECOND] [--seconds N] [--backlog EVENTS] [--only PART]

Prints what an idle system asks of its database; milliseconds to a subscription at the gateway, and from publish to
consume at the bare broker meanwhile; events a second of one relay and of a bare client with as many unconfirmed
messages; the time in which a backlog is drained while new events arrive.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY / "tests" / "helpers")]

from tests.benchmarks.sync.idle import measure_idle  # noqa: E402
from tests.benchmarks.sync.latency import measure_latency  # noqa: E402
from tests.benchmarks.sync.speed import measure_backlog, measure_throughput  # noqa: E402

from rapport_local.backing import BackingServices, Place, backing_services  # noqa: E402  (helpers are found only now)
from rapport_local.backing.given import MONGO_SETTING  # noqa: E402
from rapport_local.ports import free_ports  # noqa: E402
from rapport_local.testing import RunningSystem, started_system  # noqa: E402

PARTS = ("idle", "latency", "throughput", "backlog")


def main() -> None:
    """The parts that are wanted, one after the other."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.sync.run")
    usual = (
        50 if os.environ.get(MONGO_SETTING) else 4
    )  # the embedded database takes some 0.1 s for all that follows one
    options.add_argument("--rate", type=float, default=usual, help="changes a second (%(default)s)")
    options.add_argument("--seconds", type=float, default=60, help="for how long (%(default)s)")
    options.add_argument("--backlog", type=int, default=100_000, help="events that wait (%(default)s)")
    options.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    given = options.parse_args()
    wanted = given.only or PARTS
    with tempfile.TemporaryDirectory() as folder, _backing(Path(folder)) as backing:
        print(f"{backing.database.how}; {backing.broker.how}", flush=True)
        if {"idle", "latency"} & set(wanted):
            with _system(backing, Path(folder)) as system:
                if "idle" in wanted:
                    asyncio.run(measure_idle(system))
                if "latency" in wanted:
                    asyncio.run(measure_latency(system, backing.amqp_url, given.rate, given.seconds))
        if "throughput" in wanted:
            asyncio.run(measure_throughput(backing))
        if "backlog" in wanted:
            asyncio.run(measure_backlog(backing, given.backlog))


@contextmanager
def _backing(folder: Path) -> Iterator[BackingServices]:
    mongo, amqp, distribution, epmd = free_ports(4)
    with backing_services(Place(folder, folder / "logs", mongo, amqp, distribution, epmd, vhost="bench")) as found:
        yield found


def _system(backing: BackingServices, folder: Path) -> AbstractContextManager[RunningSystem]:
    vhost_url, prefix = backing.broker.create_vhost("system"), f"bench_{secrets.token_hex(3)}"
    return started_system(backing, folder, vhost_url=vhost_url, prefix=prefix)


if __name__ == "__main__":
    main()
