"""A change and a reassignment at the same moment: whoever has lost the right by then does not make the change."""

import asyncio

from rights_callers import Person
from rights_world import World, newcomer
from waiting import eventually

RACES = 50
STATE = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Customer { id source ownerId version } } }"


async def seller(world: World) -> Person:
    by = await newcomer(world.admin, "racer", None, "SALES", world.mark)

    async def known() -> bool:
        [made] = await world.admin.mutate(
            "customers", "customer { id }", [("createCustomer", {"kind": "PERSON", "name": "x", "ownerId": by.id})]
        )
        return bool(made["customer"])

    await eventually(known)
    return by


async def test_updates_against_reassignments(world: World) -> None:
    by, other = await seller(world), world.owners["stranger"]
    new = {"kind": "PERSON", "name": "Raced", "ownerId": by.id}
    made = await world.admin.mutate("customers", "customer { id }", [("createCustomer", new)] * RACES)
    customers = [payload["customer"]["id"] for payload in made]

    async def update(customer: str) -> list[str]:
        [payload] = await by.mutate(
            "customers", "customer { version }", [("updateCustomer", {"id": customer, "source": "RACE"})]
        )
        return [error["code"] for error in payload["userErrors"]]

    async def reassign(customer: str) -> list[str]:
        [payload] = await world.admin.mutate(
            "customers", "customer { version }", [("updateCustomer", {"id": customer, "ownerId": other})]
        )
        return [error["code"] for error in payload["userErrors"]]

    racing = [race for customer in customers for race in (update(customer), reassign(customer))]
    outcomes = await asyncio.gather(*racing)
    of = [{"__typename": "Customer", "id": customer} for customer in customers]
    states = (await world.admin.data("customers", STATE, {"of": of}))["_entities"]
    seen = set()
    for updated, reassigned, state in zip(outcomes[::2], outcomes[1::2], states, strict=True):
        assert reassigned == []
        assert state["ownerId"] == other
        # Update first, then reassignment; or reassignment first, and the seller finds nothing any more.
        serial = {(): ("RACE", 3), ("NOT_FOUND",): (None, 2)}
        assert (state["source"], state["version"]) == serial[tuple(updated)]
        seen.add(tuple(updated))
        document = "query($id: ID!) { customer(id: $id) { id } }"
        assert (await by.data("customers", document, {"id": state["id"]}))["customer"] is None
    assert seen <= {(), ("NOT_FOUND",)}
