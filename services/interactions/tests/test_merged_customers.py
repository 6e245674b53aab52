"""What was recorded with a customer follows it when it is merged, in whatever order one hears of it."""

from itertools import permutations

import pytest
from subgraph_client import SubgraphClient

from rapport_interactions.consumers import HANDLERS
from rapport_interactions.work import InteractionsWork
from rapport_shared.actor import Actor
from rapport_shared.contracts.customers import CustomerMerged, CustomerState, CustomerUnmerged
from rapport_shared.events import Envelope, Event
from rapport_shared.ids import new_event_id
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

HERE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_seller")


def envelope(event: Event, version: int, clock_time: object) -> Envelope:
    return Envelope(
        id=new_event_id(),
        routing_key=event.routing_key,
        source="/rapport/customers",
        subject=event.subject,
        time=clock_time,  # type: ignore[arg-type]
        version=version,
        actor="usr_admin",
        correlation_id="c",
    )


def merged(identifier: str, into: str) -> tuple[Event, int]:
    gone = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_other", deleted=True, merged_into_id=into)
    return CustomerMerged(customer_id=identifier, survivor_id=into, merge_id="mrg_1", before=HERE, after=gone), 2


def unmerged(identifier: str, of: str) -> tuple[Event, int]:
    gone = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_other", deleted=True, merged_into_id=of)
    back = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_other")
    return CustomerUnmerged(customer_id=identifier, survivor_id=of, merge_id="mrg_1", before=gone, after=back), 3


async def record(client: SubgraphClient, by: Actor, customer_id: str) -> None:
    given = {"customerId": customer_id, "channel": "PHONE", "content": customer_id}
    made = await client.mutate("recordInteraction", "interaction { id }", given, by=by)
    assert made["userErrors"] == []


@pytest.mark.parametrize("order", list(permutations(range(2))), ids=str)
async def test_merges_are_followed_in_any_order_and_back(
    client: SubgraphClient,
    mongo: Mongo,
    transactions: Transactions[InteractionsWork],
    tell: object,
    admin: Actor,
    clock: object,
    order: tuple[int, ...],
) -> None:
    hear_of: object = tell
    owners = {"cus_a": "usr_seller", "cus_b": "usr_other", "cus_c": "usr_other"}
    for identifier, owner in owners.items():
        await hear_of(identifier, owner)  # type: ignore[operator]
        await record(client, admin, identifier)

    async def hear(told: tuple[Event, int]) -> None:
        event, version = told
        handler = HANDLERS[type(event)]
        where = envelope(event, version, clock())  # type: ignore[operator]
        await transactions.run(lambda work: handler(event, where, work))

    async def whose() -> dict[str, tuple[str, str | None]]:
        found = await mongo.database["interactions"].find().to_list(None)
        return {row["content"]: (row["customer_id"], row["customer_owner_id"]) for row in found}

    chain = [merged("cus_c", "cus_b"), merged("cus_b", "cus_a")]
    for n in order:
        await hear(chain[n])
    assert await whose() == dict.fromkeys(owners, ("cus_a", "usr_seller"))
    await record(client, admin, "cus_a")
    apart = [unmerged("cus_b", "cus_a"), unmerged("cus_c", "cus_b")]
    for n in order:
        await hear(apart[n])
        await hear(apart[n])  # once more changes nothing
    assert await whose() == {name: (name, owner) for name, owner in owners.items()}
    told = await mongo.database["outbox"].count_documents({"routing_key": "interactions.customer.handed_over.v1"})
    assert told > 0
