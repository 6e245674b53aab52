"""Undoing a change: what comes back, what stands in the way, and who may."""

from datetime import timedelta
from typing import Any

from access_rows import role_row, user_row
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

CUSTOMER = "customer { id version name phone stage tags ownerId custom { key value } }"
REVERTED = f"{CUSTOMER} conflicts {{ field now reverted }}"


async def make(client: SubgraphClient, by: Actor, **given: Any) -> str:
    fields = {"kind": "PERSON", "name": "张三", "phone": "13812345678", "externalId": "1", **given}
    made = await client.mutate("createCustomer", CUSTOMER, fields, by=by)
    assert made["userErrors"] == []
    return str(made["customer"]["id"])


async def change(client: SubgraphClient, by: Actor, about: str, **given: Any) -> int:
    done = await client.mutate("updateCustomer", CUSTOMER, {"id": about, **given}, by=by)
    assert done["userErrors"] == []
    return int(done["customer"]["version"])


async def revert(client: SubgraphClient, by: Actor, about: str, version: int, **given: Any) -> Any:
    return await client.mutate("revertCustomer", REVERTED, {"id": about, "version": version, **given}, by=by)


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_what_a_change_replaced_comes_back_and_nothing_else(
    client: SubgraphClient, admin: Actor, clock: ManualClock
) -> None:
    for key, of in (("size", "NUMBER"), ("budget", "MONEY")):
        field = {"key": key, "type": of, "label": key}
        await client.mutate("defineCustomField", "customField { id }", field, by=admin)
    budget = {"key": "budget", "value": {"amount": "2.50", "currency": "CNY"}}
    about = await make(client, admin, tags=["VIP"], custom=[budget])
    values = [{"key": "size", "value": 7}, {"key": "budget", "value": None}]
    wrong = await change(client, admin, about, name="李四", phone=None, tags=["展会"], custom=values)
    clock.advance(timedelta(hours=1))
    await change(client, admin, about, stage="OPPORTUNITY")
    done = await revert(client, admin, about, wrong, reason="对错了人")
    assert (done["userErrors"], done["conflicts"]) == ([], [])
    customer = done["customer"]
    assert (customer["name"], customer["phone"], customer["tags"]) == ("张三", "+8613812345678", ["VIP"])
    assert (customer["stage"], customer["version"]) == ("OPPORTUNITY", wrong + 2)
    assert {each["key"]: each["value"] for each in customer["custom"]} == {"size": None, "budget": budget["value"]}
    query = "query($id: ID!) { customer(id: $id) { history { nodes { reason changes { field before after } } } } }"
    entries = (await client.query(query, {"id": about}, by=admin)).data["customer"]["history"]["nodes"]
    assert entries[0]["reason"] == "对错了人"
    assert {"field": "name", "before": "李四", "after": "张三"} in entries[0]["changes"]
    again = await revert(client, admin, about, wrong)
    assert (again["userErrors"], again["customer"]["version"]) == ([], wrong + 2)  # it is as it was before


async def test_what_was_changed_again_is_a_conflict_and_changes_nothing(client: SubgraphClient, admin: Actor) -> None:
    about = await make(client, admin, tags=["VIP"])
    wrong = await change(client, admin, about, name="李四", phone="13912345678", tags=["展会"])
    later = await change(client, admin, about, name="王五", tags=["老客户"])
    refused = await revert(client, admin, about, wrong)
    assert codes(refused) == ["REVERT_CONFLICT"]
    assert refused["conflicts"] == [
        {"field": "name", "now": "王五", "reverted": "张三"},
        {"field": "tags", "now": ["老客户"], "reverted": ["VIP"]},
    ]
    assert (refused["customer"]["version"], refused["customer"]["phone"]) == (later, "+8613912345678")
    part = await revert(client, admin, about, wrong, fields=["phone"])
    assert (codes(part), part["customer"]["phone"], part["customer"]["name"]) == ([], "+8613812345678", "王五")
    whole = await revert(client, admin, about, wrong, overwrite=True)
    assert (codes(whole), whole["customer"]["name"], whole["customer"]["tags"]) == ([], "张三", ["VIP"])


async def test_every_rule_for_changes_holds(client: SubgraphClient, admin: Actor) -> None:
    about = await make(client, admin)
    freed = await change(client, admin, about, externalId=None)
    await make(client, admin, externalId="1")
    assert codes(await revert(client, admin, about, freed)) == ["EXTERNAL_ID_TAKEN"]
    moved = await change(client, admin, about, stage="OPPORTUNITY")
    moves = [{"from": "OPPORTUNITY", "to": "CUSTOMER"}]
    await client.mutate("updateCustomerHandling", "handling { version }", {"moves": moves}, by=admin)
    assert codes(await revert(client, admin, about, moved)) == ["STAGE_MOVE_NOT_ALLOWED"]
    named = await change(client, admin, about, name="李四")
    await client.mutate("updateCustomerHandling", "handling { version }", {"reasonRequired": ["name"]}, by=admin)
    assert codes(await revert(client, admin, about, named)) == ["REASON_REQUIRED"]
    assert codes(await revert(client, admin, about, named, expectedVersion=named - 1)) == ["VERSION_CONFLICT"]
    assert codes(await revert(client, admin, about, 1)) == ["NOTHING_TO_REVERT"]
    assert codes(await revert(client, admin, about, named, fields=["phone"])) == ["NOTHING_TO_REVERT"]
    assert codes(await revert(client, admin, about, 99)) == ["CHANGE_NOT_FOUND"]
    assert codes(await revert(client, admin, about, named, reason="误改")) == []


async def test_only_who_may_set_the_fields_gives_them_back(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor, support: Actor
) -> None:
    grants = {"Customer": {"READ": "ALL", "UPDATE": "ALL"}}
    await mongo.database["access"].insert_one(role_row("SUPPORT", grants, {"Customer": {"phone": "MASK"}}))
    await mongo.database["access"].insert_one(user_row(seller.id))
    about = await make(client, admin)
    changed = await change(client, admin, about, phone=None, name="李四")
    given = await change(client, admin, about, ownerId=seller.id)
    assert codes(await revert(client, support, about, changed)) == ["FORBIDDEN_FIELD"]
    assert codes(await revert(client, support, about, changed, fields=["name"])) == []
    assert codes(await revert(client, seller, about, given)) == ["OWNER_NOT_FOUND"]
    await mongo.database["access"].insert_one(user_row(admin.id, admin.role))
    assert codes(await revert(client, seller, about, given)) == ["FORBIDDEN"]
    contact = {"customerId": about, "name": "王总"}
    await client.mutate("createContact", "contact { id }", contact, by=seller)
    assert codes(await revert(client, admin, about, given)) == []
    assert (await client.query("{ contacts { totalCount } }", by=seller)).data["contacts"]["totalCount"] == 0
    assert codes(await revert(client, seller, about, changed)) == ["NOT_FOUND"]


async def test_nothing_comes_back_of_who_was_erased(client: SubgraphClient, admin: Actor) -> None:
    about = await make(client, admin)
    changed = await change(client, admin, about, name="李四")
    await client.mutate("eraseSubject", "request { id }", {"customerId": about}, by=admin)
    assert codes(await revert(client, admin, about, changed, overwrite=True)) == ["CUSTOMER_ERASED"]


async def test_a_merge_is_undone_as_one(client: SubgraphClient, admin: Actor) -> None:
    kept, gone = await make(client, admin), await make(client, admin, externalId=None, source="WEB", phone=None)
    merged = await client.mutate("mergeCustomers", CUSTOMER, {"survivorId": kept, "otherIds": [gone]}, by=admin)
    assert codes(await revert(client, admin, kept, merged["customer"]["version"])) == ["NOTHING_TO_REVERT"]
