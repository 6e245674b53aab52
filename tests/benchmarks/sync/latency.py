"""From a change's commit to an open subscription at the gateway."""

import asyncio
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aio_pika
import aiohttp
from gql.transport.exceptions import TransportQueryError
from staff import Staff, make_customer, sign_in
from waiting import eventually

from rapport_local.testing import RunningSystem
from rapport_shared.mongo import connect, database_name

CUSTOMERS = 20
WARM_UP = 3.0
ARRIVE_SECONDS = 30
_UPDATE = """mutation($input: UpdateCustomerInput!) {
  updateCustomer(input: $input) { customer { version } userErrors { code } }
}"""
_FOLLOW = "subscription($after: String) { customerChanged(after: $after) { id cursor node { version } } }"

Versions = dict[tuple[str, int], float]
"""When something happened to each version of each customer, in seconds of the wall clock."""


@dataclass
class Times:
    """When changes were acknowledged, and when they came to the subscription."""

    acknowledged: Versions = field(default_factory=dict)
    arrived: Versions = field(default_factory=dict)
    failed: int = 0

    async def all_arrived(self) -> bool:
        """Whether nothing is on its way any more."""
        return self.acknowledged.keys() <= self.arrived.keys()

    def until_arrival(self, since: Mapping[tuple[str, int], float]) -> list[float]:
        """Seconds from ``since`` to the arrival of every acknowledged change."""
        return [self.arrived[change] - since[change] for change in self.acknowledged]


async def measure_latency(system: RunningSystem, amqp_url: str, rate: float, seconds: float) -> None:
    """Print it, with the bare broker's latency meanwhile."""
    times = Times()
    took, bare = await _work(system, amqp_url, times, rate, seconds)
    recorded = await _recorded(system)
    done = len(times.acknowledged)
    print(f"{done} changes of {CUSTOMERS} customers, {done / took:.0f} a second; {times.failed} failed")
    print(f"{'':46}{'p50':>8}{'p95':>8}{'p99':>8}  ms")
    rows = {
        "before the commit to the subscription": times.until_arrival(recorded),
        "the mutation's answer to the subscription": times.until_arrival(times.acknowledged),
        "bare broker, publish to consume": bare,
    }
    for name, values in rows.items():
        print(f"{name:46}" + "".join(f"{value * 1000:8.1f}" for value in _percentiles(values)))
    ours, theirs = (_percentiles(values)[1] for values in (rows["before the commit to the subscription"], bare))
    print(f"p95 is {ours / theirs:.1f} x the bare broker's", flush=True)


async def _work(
    system: RunningSystem, amqp_url: str, times: Times, rate: float, seconds: float
) -> tuple[float, list[float]]:
    """Change customers at that rate while somebody follows them; how long that took, and the bare broker's seconds."""
    manager = await sign_in(system.gateway, system.accounts["manager"])
    customers = [await make_customer(manager) for _ in range(CUSTOMERS)]
    listening = asyncio.create_task(_listen(manager, times.arrived))
    await asyncio.sleep(WARM_UP)
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {manager.access_token}"}) as http:

        async def change(number: int) -> None:
            given = {"id": customers[number % CUSTOMERS], "name": f"Name {number}"}
            body = {"query": _UPDATE, "variables": {"input": given}}
            async with http.post(system.gateway, json=body) as response:
                payload = ((await response.json())["data"] or {}).get("updateCustomer")
            if payload is None or payload["customer"] is None:
                times.failed += 1
                return
            times.acknowledged[given["id"], payload["customer"]["version"]] = time.time()

        took, bare = await asyncio.gather(_at_rate(change, rate, seconds), _bare_broker(amqp_url, rate, seconds))
    await eventually(times.all_arrived, seconds=ARRIVE_SECONDS)
    listening.cancel()
    return took, bare


async def _listen(by: Staff, arrived: Versions) -> None:
    """As a client does: behind its last cursor again where the service had no time for it."""
    after = (await by.ask("{ customerChanges { cursor } }"))["customerChanges"]["cursor"]
    while True:
        with suppress(TransportQueryError):
            async for data in by.follow(_FOLLOW, after=after):
                change, now = data["customerChanged"], time.time()
                after = change["cursor"]
                # A record that has moved on since its event is told with its later version: that one settles both.
                version = change["node"]["version"]
                while version > 0 and (change["id"], version) not in arrived:
                    arrived[change["id"], version] = now
                    version -= 1


async def _recorded(system: RunningSystem) -> Versions:
    """When each change was written down, within its transaction."""
    mongo = connect(system.addresses.mongo_url, database_name(system.addresses.database_prefix, "customers"))
    rows = await mongo.database["outbox"].find({}, {"subject": 1, "version": 1, "recorded_at": 1}).to_list(None)
    await mongo.close()
    return {(row["subject"], row["version"]): row["recorded_at"].timestamp() for row in rows}


async def _at_rate(act: Callable[[int], Awaitable[None]], rate: float, seconds: float) -> float:
    """Act so often, whether or not earlier ones have ended; the seconds until all have."""
    started = time.perf_counter()

    async def one(number: int) -> None:
        await act(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            tasks.create_task(one(number))
    return time.perf_counter() - started


async def _bare_broker(amqp_url: str, rate: float, seconds: float) -> list[float]:
    """From publish to consume through a quorum queue, as events go, with nothing else."""
    found: list[float] = []
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        name = f"bare-{secrets.token_hex(3)}"
        queue = await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})

        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            found.append(time.perf_counter() - float(message.body))
            await message.ack()

        tag = await queue.consume(take)

        async def publish(_: int) -> None:
            body = repr(time.perf_counter()).encode()
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, routing_key=queue.name)

        await _at_rate(publish, rate, seconds)
        await queue.cancel(tag)
        await queue.delete(if_unused=False, if_empty=False)
    return found


def _percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(values, n=100)
    return cuts[49], cuts[94], cuts[98]
