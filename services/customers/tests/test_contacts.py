"""Contacts and decision chains as clients meet them."""

import asyncio
from typing import Any

from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

CONTACT = "contact { id version name phone role influence stance reportsTo { name } customer { id } }"
CHAIN = "{ customers { nodes { decisionChain { members { name role } gaps } contacts { totalCount } } } }"


async def customer(client: SubgraphClient, by: Actor) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "COMPANY", "name": "蓝海科技"}, by=by)
    return str(made["customer"]["id"])


async def create(client: SubgraphClient, customer_id: str, by: Actor, name: str, **given: Any) -> Any:
    return await client.mutate("createContact", CONTACT, {"customerId": customer_id, "name": name, **given}, by=by)


async def set_superior(client: SubgraphClient, contact: str, superior: str | None, by: Actor) -> list[str]:
    answer = await client.mutate("updateContact", CONTACT, {"id": contact, "reportsToId": superior}, by=by)
    return [error["code"] for error in answer["userErrors"]]


async def test_the_decision_chain_names_who_decides_and_what_is_missing(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    head = (await create(client, about, seller, "王总", role="BUYER", influence="HIGH"))["contact"]
    made = await create(
        client, about, seller, "赵工", role="TECH_EVALUATOR", phone="138 1234 5678", reportsToId=head["id"]
    )
    await create(client, about, seller, "前台")
    assert made["contact"]["reportsTo"] == {"name": "王总"}
    assert (made["contact"]["phone"], made["contact"]["customer"]) == ("+8613812345678", {"id": about})
    node = (await client.query(CHAIN, by=seller)).data["customers"]["nodes"][0]
    assert node == {
        "decisionChain": {
            "members": [{"name": "王总", "role": "BUYER"}, {"name": "赵工", "role": "TECH_EVALUATOR"}],
            "gaps": ["APPROVER"],
        },
        "contacts": {"totalCount": 3},
    }


async def test_nobody_reports_to_themselves_over_however_many(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    first, second, third = [(await create(client, about, seller, name))["contact"]["id"] for name in "一二三"]
    assert await set_superior(client, first, second, seller) == []
    assert await set_superior(client, second, third, seller) == []
    for above in (first, second, third):
        assert await set_superior(client, third, above, seller) == ["REPORTING_CYCLE"]
    other = (await create(client, await customer(client, seller), seller, "四"))["contact"]["id"]
    for nobody in (other, "con_none"):
        assert await set_superior(client, third, nobody, seller) == ["SUPERIOR_NOT_FOUND"]
    assert await set_superior(client, first, None, seller) == []


async def test_two_who_are_put_below_each_other_at_once_do_not_both_get_there(
    client: SubgraphClient, seller: Actor
) -> None:
    about = await customer(client, seller)
    one, two = [(await create(client, about, seller, name))["contact"]["id"] for name in "一二"]
    answers = await asyncio.gather(set_superior(client, one, two, seller), set_superior(client, two, one, seller))
    assert sorted(answers) == [[], ["REPORTING_CYCLE"]]


async def test_contacts_are_put_away_and_follow_their_customers_owner(
    client: SubgraphClient, mongo: Mongo, seller: Actor, admin: Actor
) -> None:
    about = await customer(client, seller)
    made = (await create(client, about, seller, "王总"))["contact"]
    await client.mutate("deleteContact", CONTACT, {"id": made["id"]}, by=seller)
    listed = "{ contacts { totalCount } }"
    assert (await client.query(listed, by=seller)).data["contacts"]["totalCount"] == 0
    back = await client.mutate("restoreContact", CONTACT, {"id": made["id"]}, by=seller)
    assert back["contact"]["version"] == 3
    await client.mutate("updateCustomer", "customer { id }", {"id": about, "ownerId": None}, by=admin)
    assert (await client.query(listed, by=seller)).data["contacts"]["totalCount"] == 0
    assert (await client.query(listed, by=admin)).data["contacts"]["totalCount"] == 1


async def test_chains_of_many_customers_take_one_query(client: SubgraphClient, seller: Actor) -> None:
    for _ in range(3):
        await create(client, await customer(client, seller), seller, "王总", role="APPROVER")
    document = "{ customers { nodes { decisionChain { members { name } } } } }"
    before = commands()
    nodes = (await client.query(document, by=seller)).data["customers"]["nodes"]
    assert (commands() - before, len(nodes)) == (2, 3)
