"""How long a change takes to an open subscription, and how fast a relay is, beside the bare broker in the same run.

    python tests/benchmarks/sync.py [changes a second] [seconds] [backlog]

Prints milliseconds from the answer of a mutation's commit to its arrival at a subscription through the gateway, and
from publish to consume at the bare broker under the same load; then events a second of one relay and of a bare client
with as many unconfirmed messages; then the time in which a backlog is drained while new events arrive.
"""

import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aio_pika
import aiohttp

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / "helpers")]

from messaging_bench import Bench  # noqa: E402  (a script finds the tests' helpers only now)
from staff import Staff, make_customer, sign_in  # noqa: E402
from waiting import eventually  # noqa: E402

from rapport_local.backing import BackingServices, Place, backing_services  # noqa: E402
from rapport_local.ports import free_ports  # noqa: E402
from rapport_local.testing import started_system  # noqa: E402
from rapport_shared.contracts.customers import CustomerUpdated  # noqa: E402
from rapport_shared.delivery.relay import WINDOW  # noqa: E402
from rapport_shared.messaging import ConsumerGroup, declare_consumer  # noqa: E402
from rapport_shared.mongo import connect, create_indexes  # noqa: E402
from rapport_shared.persistence import BOOKKEEPING_INDEXES  # noqa: E402

CUSTOMERS = 20
SUBJECTS = [f"cus_{number}" for number in range(WINDOW)]
THROUGHPUT_EVENTS = 3_000
_UPDATE = """mutation($input: UpdateCustomerInput!) {
  updateCustomer(input: $input) { customer { version } userErrors { code } }
}"""


def main(rate: float = 50, seconds: float = 20, backlog: int = 10_000) -> None:
    """Everything, one after the other."""
    with tempfile.TemporaryDirectory() as folder, _backing(Path(folder)) as backing:
        asyncio.run(_latencies(backing, Path(folder), rate, seconds))
        asyncio.run(_throughput(backing))
        asyncio.run(_backlog(backing, backlog))


@contextmanager
def _backing(folder: Path) -> Iterator[BackingServices]:
    mongo, amqp, distribution, epmd = free_ports(4)
    with backing_services(Place(folder, folder / "logs", mongo, amqp, distribution, epmd, vhost="bench")) as found:
        yield found


async def _latencies(backing: BackingServices, folder: Path, rate: float, seconds: float) -> None:
    with started_system(
        backing, folder, vhost_url=backing.broker.create_vhost("latency"), prefix=f"bench_{secrets.token_hex(3)}"
    ) as system:
        manager = await sign_in(system.gateway, system.accounts["manager"])
        customers = [await make_customer(manager) for _ in range(CUSTOMERS)]
        acknowledged: dict[tuple[str, int], float] = {}
        arrived: dict[tuple[str, int], float] = {}
        listening = asyncio.create_task(_listen(manager, arrived))
        bare = asyncio.create_task(_bare_latencies(backing.amqp_url, rate, seconds))
        await asyncio.sleep(1)
        async with aiohttp.ClientSession(headers={"authorization": f"Bearer {manager.access_token}"}) as http:

            async def change(number: int) -> None:
                given = {"id": customers[number % CUSTOMERS], "name": f"Name {number}"}
                body = {"query": _UPDATE, "variables": {"input": given}}
                async with http.post(system.gateway, json=body) as response:
                    payload = (await response.json())["data"]["updateCustomer"]
                acknowledged[given["id"], payload["customer"]["version"]] = time.perf_counter()

            took = await _at_rate(change, rate, seconds)
        for _ in range(100):
            if acknowledged.keys() <= arrived.keys():
                break
            await asyncio.sleep(0.1)
        listening.cancel()
        there = [arrived[key] - acknowledged[key] for key in acknowledged.keys() & arrived.keys()]
        print(f"{len(acknowledged) / took:.0f} changes/s, {len(acknowledged.keys() - arrived.keys())} did not arrive")
        ours, bares = _percentiles(there), _percentiles(await bare)
    print(f"{'':34}{'p50':>8}{'p95':>8}{'p99':>8}  ms")
    for name, row in (("answer of the commit to subscription", ours), ("bare broker, publish to consume", bares)):
        print(f"{name:34}" + "".join(f"{value * 1000:8.1f}" for value in row))
    print(f"p95 is {ours[1] / bares[1]:.1f} x the bare broker's")


async def _listen(by: Staff, arrived: dict[tuple[str, int], float]) -> None:
    async for data in by.follow("subscription { customerChanged { id node { version } } }"):
        change = data["customerChanged"]
        if change["node"] is not None:
            arrived[change["id"], change["node"]["version"]] = time.perf_counter()


async def _at_rate(act: Callable[[int], Awaitable[None]], rate: float, seconds: float) -> float:
    """Act so often, whether or not earlier ones have ended; the seconds until all have."""
    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            tasks.create_task(act(number))  # type: ignore[arg-type]
    return time.perf_counter() - started


async def _bare_latencies(amqp_url: str, rate: float, seconds: float) -> list[float]:
    found: list[float] = []
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue(f"bare-{secrets.token_hex(3)}", exclusive=True, auto_delete=True)

        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            found.append(time.perf_counter() - float(message.body))
            await message.ack()

        await queue.consume(take)

        async def publish(_: int) -> None:
            message = aio_pika.Message(repr(time.perf_counter()).encode())
            await channel.default_exchange.publish(message, routing_key=queue.name)

        await _at_rate(publish, rate, seconds)
        await asyncio.sleep(0.5)
    return found


async def _throughput(backing: BackingServices) -> None:
    async with _bench(backing, "relay") as bench:
        for _ in range(THROUGHPUT_EVENTS // len(SUBJECTS)):
            await bench.change(*SUBJECTS)
        started = time.perf_counter()
        async with bench.relaying():
            await eventually(lambda: _all_sent(bench), seconds=300)
        relayed = THROUGHPUT_EVENTS / (time.perf_counter() - started)
        bare = await _bare_throughput(bench)
    print(f"one relay: {relayed:.0f} events/s; bare client, {WINDOW} unconfirmed: {bare:.0f}/s: {bare / relayed:.1f} x")


async def _all_sent(bench: Bench) -> bool:
    return await bench.waiting() == 0


async def _bare_throughput(bench: Bench) -> float:
    row = await bench.mongo.database["outbox"].find_one()
    assert row is not None
    body, free = bytes(row["body"]), asyncio.Semaphore(WINDOW)
    async with bench.channel() as channel:
        exchange = await channel.get_exchange("rapport.events")

        async def publish() -> None:
            async with free:
                message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await exchange.publish(message, CustomerUpdated.routing_key, mandatory=True)

        started = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(THROUGHPUT_EVENTS):
                tasks.create_task(publish())
        return THROUGHPUT_EVENTS / (time.perf_counter() - started)


async def _backlog(backing: BackingServices, size: int) -> None:
    async with _bench(backing, "backlog") as bench:
        for _ in range(max(1, size // (len(SUBJECTS) * 5))):
            await bench.change(*SUBJECTS, times=5)
        waiting = await bench.waiting()
        added, started = 0, time.perf_counter()
        async with bench.relaying():
            while await bench.waiting() > len(SUBJECTS):
                await bench.change(*SUBJECTS[:10])
                added += 10
        took = time.perf_counter() - started
    print(f"backlog of {waiting} events, and {added} that came meanwhile: drained in {took:.1f} s")


@asynccontextmanager
async def _bench(backing: BackingServices, name: str) -> AsyncIterator[Bench]:
    url = backing.broker.create_vhost(f"bench-{name}")
    mongo = connect(backing.mongo_url, f"bench_{name}_{secrets.token_hex(3)}")
    await create_indexes(mongo.database, BOOKKEEPING_INDEXES)
    bench = Bench(mongo, url, ConsumerGroup("ledger"))
    async with bench.channel() as channel:
        await declare_consumer(channel, bench.group, [CustomerUpdated.routing_key])
    yield bench
    mongo.close()


def _percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(values, n=100)
    return cuts[49], cuts[94], cuts[98]


if __name__ == "__main__":
    main(*(kind(given) for kind, given in zip((float, float, int), sys.argv[1:], strict=False)))
