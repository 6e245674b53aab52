"""Whether any webhook listens: read together with others, and never before it was asked."""

import asyncio
from collections.abc import Sequence

import pytest
from subgraph_client import SubgraphClient

from rapport_automation.consumers import HANDLERS, shortcuts
from rapport_automation.webhooks.listening import Listening
from rapport_automation.webhooks.model import Webhook
from rapport_automation.webhooks.repository import WebhookRepository
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerState, CustomerUpdated
from rapport_shared.events import Envelope, Event
from rapport_shared.mongo import Mongo

STATE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_1")
HIGH = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_1", priority="HIGH")


def told(event: Event, clock: ManualClock) -> Envelope:
    return Envelope(
        id="evt_1",
        routing_key=event.routing_key,
        source="/rapport/test",
        subject=event.subject,
        time=clock(),
        version=1,
        actor="usr_1",
        correlation_id="c",
    )


async def test_who_asks_during_a_reading_waits_for_the_next_together_with_others(clock: ManualClock) -> None:
    there: list[Webhook] = []
    readings: list[asyncio.Event] = []

    async def read() -> Sequence[Webhook]:
        found, ended = list(there), asyncio.Event()
        readings.append(ended)
        await ended.wait()
        if len(readings) == 3:
            raise ConnectionError
        return found

    async def ask(times: int) -> list[asyncio.Task[bool]]:
        asked = [asyncio.create_task(listening.any_to("customers.customer.updated.v1")) for _ in range(times)]
        for _ in range(5):
            await asyncio.sleep(0)
        return asked

    listening = Listening(read)
    early = await ask(3)
    details = {"url": "https://example.com/", "events": ["customers.#"]}
    there.append(Webhook.create("whk_1", details, owner_id="usr_1", now=clock()))
    late = await ask(4)
    assert len(readings) == 1
    readings[0].set()
    assert await asyncio.gather(*early) == [False] * 3
    await ask(0)
    assert len(readings) == 2
    failing = await ask(2)
    readings[1].set()
    assert await asyncio.gather(*late) == [True] * 4
    await ask(0)
    readings[2].set()
    for each in failing:
        with pytest.raises(ConnectionError):
            await each
    [healed] = await ask(1)
    readings[3].set()
    assert await healed


async def test_only_what_no_webhook_and_no_notification_is_for_is_settled(
    client: SubgraphClient, mongo: Mongo, clock: ManualClock, admin: Actor
) -> None:
    settling = shortcuts(Listening(WebhookRepository(mongo.database).listening))
    assert not settling.keys() & ACCESS_HANDLERS.keys()
    assert settling.keys() | ACCESS_HANDLERS.keys() == HANDLERS.keys()
    renamed = CustomerUpdated(customer_id="cus_1", changed=("name",), before=STATE, after=STATE)
    raised = CustomerUpdated(customer_id="cus_1", changed=("priority",), before=STATE, after=HIGH)

    async def settled(event: Event) -> bool:
        return await settling[type(event)](event, told(event, clock))

    assert (await settled(renamed), await settled(raised)) == (True, False)
    given = {"url": "https://example.com/hook", "events": ["customers.*.updated.#"]}
    made = await client.mutate("createWebhook", "webhook { id } userErrors { code }", given, by=admin)
    assert made["userErrors"] == []
    assert await settled(renamed) is False
    paused = {"id": made["webhook"]["id"], "active": False}
    await client.mutate("updateWebhook", "userErrors { code }", paused, by=admin)
    assert await settled(renamed) is False
