"""``python -m reliability.bench_process relay | consumer``: one half of a messaging bench, as a process of its own.

The faults inside come by the environment (``armed.fault_env``). The handler takes a random time.
"""

import asyncio
import os
import random
import sys

from messaging_bench import Bench

from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.events import Envelope
from rapport_shared.messaging import ConsumerGroup, declare_consumer
from rapport_shared.mongo import connect
from rapport_shared.persistence import Work

GROUP = ConsumerGroup("ledger")
_SLOWEST_SECONDS = 0.03


class SlowBench(Bench):
    """Some events take longer than others."""

    async def handle(self, event: CustomerUpdated, envelope: Envelope, work: Work) -> None:
        await asyncio.sleep(random.uniform(0, _SLOWEST_SECONDS))
        await super().handle(event, envelope, work)


async def main(role: str) -> None:
    """Run until killed."""
    mongo = connect(os.environ["RAPPORT_MONGO_URL"], os.environ["RAPPORT_DATABASE"])
    bench = SlowBench(mongo, os.environ["RAPPORT_AMQP_URL"], GROUP)
    async with bench.channel() as channel:
        await declare_consumer(channel, GROUP, [CustomerUpdated.routing_key])
    link = bench.relay_link() if role == "relay" else bench.consumer_link()
    await link.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
