"""Another system's user at the broker: reads its queue and nothing else, for as long as its API key is good."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import aiohttp
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPConnectionError, AMQPError
from aiormq.exceptions import ChannelAccessRefused
from staff import Staff, make_customer
from waiting import eventually
from yarl import URL

from rapport_local.testing.running import RunningSystem

NAME = "warehouse-1.eu"


def rapport(system: RunningSystem, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command line, as the administrator."""
    account = system.accounts["admin"]
    settings = {
        "RAPPORT_GATEWAY_URL": system.gateway,
        "RAPPORT_EMAIL": account.email,
        "RAPPORT_PASSWORD": account.password,
        "RAPPORT_BROKER_API_URL": system.addresses.broker_api_url,
    }
    command = [sys.executable, "-m", "rapport_cli", "integrator", *words]
    return subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120, check=False
    )


async def told(system: RunningSystem, *words: str) -> list[list[str]]:
    done = await asyncio.to_thread(rapport, system, *words)
    assert done.returncode == 0, done.stderr
    return [line.split(" ", 2) for line in done.stdout.splitlines()]


def amqp_url(system: RunningSystem, given: dict[str, str]) -> URL:
    at = URL(system.addresses.amqp_url)
    return at.with_user(given["user"]).with_password(given["password"])


async def refused(connection: Any, attempt: Any) -> None:
    async with connection.channel(publisher_confirms=True) as channel:
        with pytest.raises(ChannelAccessRefused):
            await attempt(channel)


@asynccontextmanager
async def integrator(system: RunningSystem) -> AsyncIterator[dict[str, str]]:
    given = dict(await told(system, "add", NAME, "--events", "customers.customer.#", "--events", "*.task.created.v1"))
    try:
        yield given
    finally:
        await asyncio.to_thread(rapport, system, "remove", NAME)


async def is_shut_out(url: URL) -> bool:
    try:
        async with await aio_pika.connect(url):
            return False
    except AMQPError:  # one that is let in while its user goes is told so in the middle of the handshake
        return True


async def take(channel: AbstractChannel, queue: str) -> str:
    own = await channel.get_queue(queue, ensure=False)
    async with own.iterator(timeout=30) as messages:
        async for message in messages:
            await message.ack()
            return str(message.type)
    raise AssertionError


async def test_an_integrator_reads_its_queue_and_nothing_else(
    running_system: RunningSystem, seller: Staff, admin: Staff
) -> None:
    system = running_system
    async with integrator(system) as given:
        user, queue = given["user"], given["queue"]
        assert (user[:4], queue) == ("key_", f"integrator.{NAME}")
        assert [NAME, user, "*.task.created.v1 customers.customer.#"] in await told(system, "list")
        again = await asyncio.to_thread(rapport, system, "add", NAME, "--events", "#")
        assert (again.returncode, "INTEGRATOR_EXISTS" in again.stderr) == (2, True)

        await make_customer(seller, name="Integrators")
        connection = await aio_pika.connect(amqp_url(system, given))
        async with connection:
            async with connection.channel() as channel:
                assert await take(channel, queue) == "customers.customer.created.v1"
            await refused(connection, lambda channel: channel.declare_queue("mine"))
            await refused(connection, lambda channel: channel.declare_exchange("mine"))
            for other in ("rapport.customers", "rapport.log", "rapport.customers.dead"):
                await refused(connection, lambda channel, other=other: _consume(channel, other))
            await refused(connection, lambda channel: _bind(channel, queue))
            await refused(connection, lambda channel: _delete(channel, queue))
            await refused(connection, lambda channel: _publish(channel, "rapport.events"))
            api = URL(system.addresses.broker_api_url).with_user(None).with_path("/api/queues")
            async with aiohttp.ClientSession(auth=aiohttp.BasicAuth(user, given["password"])) as http:
                assert (await http.get(api)).status == 401

            new = dict(await told(system, "rotate", NAME))
            assert new["user"] == user
            with pytest.raises(AMQPConnectionError):
                await aio_pika.connect(amqp_url(system, given))
            async with await aio_pika.connect(amqp_url(system, new)):
                pass

            revoked = await admin.do("revokeApiKey", "apiKey { revokedAt }", id=user)
            assert revoked["userErrors"] == []
            await eventually(lambda: is_shut_out(amqp_url(system, new)))
            with pytest.raises((AMQPError, ConnectionError, RuntimeError)):  # the open connection has been closed, too
                await connection.channel()
        assert all(known[0] != NAME for known in await told(system, "list"))
        assert await told(system, "remove", NAME) == [[NAME, "is", "removed"]]
        assert (await asyncio.to_thread(rapport, system, "remove", NAME)).returncode == 2


async def _ignore(_: AbstractIncomingMessage) -> None:
    """Takes it, and says nothing."""


async def _consume(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).consume(_ignore)


async def _bind(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).bind("rapport.events", "#")


async def _delete(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).delete(if_unused=False, if_empty=False)


async def _publish(channel: AbstractChannel, exchange: str) -> None:
    to = await channel.get_exchange(exchange, ensure=False)
    await to.publish(aio_pika.Message(b"{}"), "customers.customer.created.v1")
