"""Prints each change of a customer. AMQP_URL=amqp://user:password@host:5672/ python consumer.py (needs aio-pika)"""

import asyncio
import json
import os

import aio_pika


async def main() -> None:
    connection = await aio_pika.connect_robust(os.environ["AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=16)
        queue = await channel.declare_queue("example.python", durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind("rapport.events", "customers.#")
        async with queue.iterator() as messages:
            async for message in messages:
                async with message.process(requeue=True):  # acknowledged after the block; back in the queue if it fails
                    event = json.loads(message.body)
                    print(event["type"], event["subject"], event["version"], flush=True)


asyncio.run(main())
