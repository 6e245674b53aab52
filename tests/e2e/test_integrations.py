"""Other systems: what they are told as it happens, and what they can have told again."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime

import aio_pika
from hook_server import serving
from staff import Staff, make_customer
from standardwebhooks import Webhook as Verifier

from rapport_local.testing.running import RunningSystem

LOG = "query($id: ID!) { webhook(id: $id) { deliveries { nodes { eventType status lastError } } } }"


async def test_a_webhook_may_not_reach_into_the_private_network(admin: Staff, seller: Staff) -> None:
    async with serving() as hook:
        given = {"url": hook.url, "events": ["customers.customer.created.v1"]}
        made = await admin.do("createWebhook", "webhook { id } secret", **given)
        assert Verifier(made["secret"])
        webhook = made["webhook"]["id"]
        await make_customer(seller, name="Webhook")
        deliveries: list[dict[str, str]] = []
        async with asyncio.timeout(30):
            while not deliveries or deliveries[0]["lastError"] is None:
                await asyncio.sleep(0.2)
                deliveries = (await admin.ask(LOG, id=webhook))["webhook"]["deliveries"]["nodes"]
        assert deliveries[0] == {
            "eventType": "customers.customer.created.v1",
            "status": "PENDING",
            "lastError": "TARGET_NOT_ALLOWED",
        }
        assert hook.calls == []
        gone = await admin.do("deleteWebhook", "webhook { active }", id=webhook)
        assert gone["webhook"] == {"active": False}


async def test_a_new_consumer_gets_what_one_of_the_beginning_had(
    running_system: RunningSystem, seller: Staff, admin: Staff
) -> None:
    since = datetime.now(UTC)
    async with await aio_pika.connect(running_system.addresses.amqp_url) as connection:
        channel = await connection.channel()
        name = f"warehouse-{since.timestamp()}"
        first = await channel.declare_queue(f"{name}-first", auto_delete=True)
        late = await channel.declare_queue(f"{name}-late", auto_delete=True)
        await first.bind("rapport.events", "customers.customer.#")
        customers = [await make_customer(seller, name=f"Replay {number}") for number in range(5)]
        await seller.do("updateCustomer", "customer { id }", id=customers[0], stage="OPPORTUNITY")

        had: list[str] = []
        async with asyncio.timeout(30):
            while len(had) < len(customers) + 1:
                message = await first.get(no_ack=True, fail=False)
                if message is None:
                    await asyncio.sleep(0.1)
                else:
                    had.append(str(message.message_id))
        done = await asyncio.to_thread(_replay, running_system, since.isoformat(), late.name)
        assert done.returncode == 0, done.stderr
        got = []
        while message := await late.get(no_ack=True, fail=False):
            got.append(str(message.message_id))
        assert [event for event in got if event in had] == had


def _replay(system: RunningSystem, since: str, queue: str) -> "subprocess.CompletedProcess[str]":
    account = system.accounts["admin"]
    environment = {
        **os.environ,
        "RAPPORT_GATEWAY_URL": system.gateway,
        "RAPPORT_EMAIL": account.email,
        "RAPPORT_PASSWORD": account.password,
    }
    command = ["-m", "rapport_cli", "replay", "--from", since, "--to", queue, "--events", "customers.customer.#"]
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
