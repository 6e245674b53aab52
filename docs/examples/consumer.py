"""Prints each event. AMQP_URL=amqp://user:password@host:5672/vhost QUEUE=integrator.NAME python consumer.py"""

import asyncio
import json
import os

import aio_pika


async def main() -> None:
    connection = await aio_pika.connect_robust(os.environ["AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=16)
        queue = await channel.get_queue(os.environ["QUEUE"], ensure=False)
        async with queue.iterator() as messages:
            async for message in messages:
                async with message.process(requeue=True):  # acknowledged after the block; back in the queue if it fails
                    event = json.loads(message.body)
                    print(event["type"], event["subject"], event["version"], flush=True)


asyncio.run(main())
