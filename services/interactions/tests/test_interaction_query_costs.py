"""Every root query, with every field that it has: as many database calls for ten records as for two, each indexed."""

from access_rows import user_row
from noun_costs import NounCosts
from query_costs import roots
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

INTERACTIONS = NounCosts(
    "interactions",
    "interaction",
    "recordInteraction",
    lambda about, number, _: {"customerId": about, "channel": "PHONE", "content": f"C {number}"},
    {"interactions", "interactionChanges", "Customer", "Interaction"},
)


def test_every_root_query_is_asked(admin: Actor) -> None:
    assert roots(INTERACTIONS.schema) == {root for _, root, _ in INTERACTIONS.asked(["x"], "", admin, admin)}


async def test_every_query_costs_the_same_for_more_and_is_indexed(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    await mongo.database["access"].insert_many([user_row(by.id, by.role) for by in (admin, seller)])
    await INTERACTIONS.check(client, mongo, admin=admin, owner=seller)
