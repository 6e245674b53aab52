"""The example consumers for integrators, run as they are against the real broker."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aio_pika import DeliveryMode, Message
from aio_pika.exceptions import ChannelNotFoundEntity
from messaging_bench import Bench
from node_packages import node_modules
from waiting import eventually

from rapport_shared.messaging.topology import EVENTS, declare_exchanges

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
AMQPLIB = "amqplib@2.3.1"
CHANGED = "rapport.customers.customer.updated.v1"


class Example:
    """A running example; ``lines`` is what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []

    async def read(self) -> None:
        """Collect what it prints, until it ends."""
        assert self._process.stdout
        async for line in self._process.stdout:
            self.lines.append(line.decode().strip())

    async def has_printed(self, count: int) -> bool:
        return len(self.lines) >= count


def command(language: str, scratch: Path) -> list[str]:
    """How to run the example; Node finds packages beside the script, so it is run from a folder that has them."""
    if language == "python":
        return [sys.executable, str(EXAMPLES / "consumer.py")]
    (scratch / "node_modules").symlink_to(node_modules(AMQPLIB))
    script = scratch / "consumer.mjs"
    script.write_bytes((EXAMPLES / "consumer.mjs").read_bytes())
    return ["node", str(script)]


@asynccontextmanager
async def running(words: list[str], amqp_url: str, queue: str) -> AsyncIterator[Example]:
    given = {"AMQP_URL": amqp_url, "QUEUE": queue}
    process = await asyncio.create_subprocess_exec(*words, env=os.environ | given, stdout=asyncio.subprocess.PIPE)
    example = Example(process)
    reading = asyncio.create_task(example.read())
    try:
        yield example
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def declare(bench: Bench, queue: str) -> None:
    """What an integrator is given."""
    async with bench.channel() as channel:
        declared = await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})
        await declared.bind(await declare_exchanges(channel), "customers.#")


async def queue_state(bench: Bench, name: str) -> tuple[int, int] | None:
    """Its messages that wait and its consumers; None while there is no such queue."""
    try:
        async with bench.channel() as channel:
            found = (await channel.get_queue(name)).declaration_result
            return found.message_count or 0, found.consumer_count or 0
    except ChannelNotFoundEntity:
        return None


async def is_consumed(bench: Bench, queue: str) -> bool:
    state = await queue_state(bench, queue)
    return state is not None and state[1] == 1


async def is_left_with(bench: Bench, queue: str, *messages: int) -> bool:
    """Whether it has no consumer, and one of these numbers of messages."""
    return await queue_state(bench, queue) in [(number, 0) for number in messages]


async def has_ended_with(example: Example, *lines: str) -> bool:
    return sorted(example.lines[-len(lines) :]) == sorted(lines)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("language", ["python", "node"])
async def test_an_example_consumer_prints_acknowledges_and_misses_nothing(
    bench: Bench, language: str, tmp_path: Path
) -> None:
    words, queue = command(language, tmp_path), f"integrator.{language}"
    await declare(bench, queue)
    first, last = [f"{CHANGED} cus_1 {version}" for version in range(1, 41)], f"{CHANGED} cus_1 40"
    async with bench.relaying():
        async with running(words, bench.amqp_url, queue) as example:
            await eventually(lambda: is_consumed(bench, queue))
            await bench.change("cus_1", times=40)
            # More than the broker sends ahead of acknowledgements.
            await eventually(lambda: example.has_printed(40))
            assert example.lines == first
        await bench.change("cus_1", "cus_2")  # while the consumer is down
        # It was killed, perhaps between the print and the acknowledgement of the last: that one comes again.
        await eventually(lambda: is_left_with(bench, queue, 2, 3))
        async with running(words, bench.amqp_url, queue) as example:
            await eventually(lambda: has_ended_with(example, f"{CHANGED} cus_1 41", f"{CHANGED} cus_2 1"))
            assert set(example.lines) - {last} == {f"{CHANGED} cus_1 41", f"{CHANGED} cus_2 1"}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("language", ["python", "node"])
async def test_a_message_that_an_example_cannot_read_is_not_acknowledged(
    bench: Bench, language: str, tmp_path: Path
) -> None:
    words, queue = command(language, tmp_path), f"integrator.{language}"
    await declare(bench, queue)
    async with running(words, bench.amqp_url, queue) as example:
        await eventually(lambda: is_consumed(bench, queue))
        async with bench.channel() as channel:
            exchange = await channel.get_exchange(EVENTS)
            await exchange.publish(Message(b"not JSON", delivery_mode=DeliveryMode.PERSISTENT), "customers.x.y.v1")
        await eventually(lambda: is_left_with(bench, queue, 1))
        assert example.lines == []
