"""Every root query, with every field that it has: as many database calls for ten records as for two, each indexed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from heard_events import hear
from query_costs import Cost, check_costs, cost, document, indexes, roots
from rights_schema import schemas
from subgraph_client import SubgraphClient

from rapport_automation.consumers import HANDLERS
from rapport_automation.work import AutomationWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerState, CustomerUpdated
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

SCHEMA = schemas()["automation"]
FEW, MANY = 2, 10
OF_WHOM_IT_TELLS = {"notifications", "unreadNotifications"}
LISTS = {"webhook", "webhooks", "replays", "notifications", "automationAuditLog", "Webhook", "Customer"}


def asked(webhooks: list[str], replays: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """The root field and its arguments of every query, by a name."""
    known = {"Customer": [f"cus_{number}" for number in range(len(webhooks))], "Webhook": webhooks}
    entities = {
        entity: ("_entities", {"representations": [{"__typename": entity, "id": each} for each in known[entity]]})
        for entity in SCHEMA.entities
    }
    return {
        "webhook": ("webhook", {"id": webhooks[0]}),
        "webhooks": ("webhooks", {}),
        "replay": ("replay", {"id": replays[0]}),
        "replays": ("replays", {}),
        "notifications": ("notifications", {}),
        "unreadNotifications": ("unreadNotifications", {}),
        "automationAuditLog": ("automationAuditLog", {"first": 100}),
        **entities,
    }


def test_every_root_query_is_asked() -> None:
    assert roots(SCHEMA) == {root for root, _ in asked(["x"], ["y"]).values()}


async def test_every_query_costs_the_same_for_more_and_is_indexed(
    client: SubgraphClient,
    mongo: Mongo,
    clock: ManualClock,
    admin: Actor,
    integrator: Actor,
    happens: Callable[..., Awaitable[str]],
) -> None:
    transactions = Transactions(mongo, partial(AutomationWork, clock=clock))
    webhooks: list[str] = []
    replays: list[str] = []

    async def grow(size: int) -> dict[str, Cost]:
        """Webhooks with deliveries, replays and notifications, until there are as many; what every query costs."""
        for number in range(len(webhooks), size):
            given = {"url": f"https://example.com/{number}", "events": ["customers.#"]}
            made = await client.mutate("createWebhook", "webhook { id }", given, by=admin)
            webhooks.append(made["webhook"]["id"])
            since = (clock() - timedelta(days=1)).isoformat()
            made = await client.mutate("startReplay", "replay { id }", {"queue": "q", "since": since}, by=admin)
            replays.append(made["replay"]["id"])
            await mongo.database["replays"].update_one({"_id": replays[-1]}, {"$set": {"status": "DONE"}})
            low, high = (
                CustomerState(kind="PERSON", stage="LEAD", owner_id=integrator.id, priority=each)
                for each in ("LOW", "HIGH")
            )
            event = CustomerUpdated(customer_id=f"cus_{number}", changed=("priority",), before=low, after=high)
            await happens(event, version=number)
            await hear(transactions, HANDLERS, event, version=number, at=clock())
        return {
            name: await cost(
                client, document(SCHEMA, root, given), given, by=integrator if name in OF_WHOM_IT_TELLS else admin
            )
            for name, (root, given) in asked(webhooks, replays).items()
        }

    few, many = await grow(FEW), await grow(MANY)
    check_costs(few, many, await indexes(mongo), more=MANY - FEW, lists=LISTS)
