"""Customers that are one: what a merge makes of them, who may do it, and that it can be undone."""

from typing import Any

from access_rows import role_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

CUSTOMER = """id version name phone email source tags externalId mergedIds orderCount ownerId
  contacts { nodes { name } } deals { totalCount } orders { totalCount } merges { id otherIds undoneAt }
  consents { purpose granted } history { nodes { customerId version } }"""
MERGED = f"customer {{ {CUSTOMER} }} merge {{ id }} moved {{ noun count }}"
ONE = f"query($id: ID!) {{ customer(id: $id) {{ {CUSTOMER} }} }}"
LIST = "{ customers { nodes { id } } }"


async def make(client: SubgraphClient, by: Actor, name: str, **given: Any) -> str:
    fields = {"kind": "PERSON", "name": name, **given}
    made = await client.mutate("createCustomer", "customer { id }", fields, by=by)
    assert made["userErrors"] == []
    return str(made["customer"]["id"])


async def hang(client: SubgraphClient, by: Actor, customer_id: str, mark: str) -> None:
    """A contact, a deal, an order."""
    lines = [{"name": "One", "quantity": "1", "unitPrice": {"amount": "10", "currency": "CNY"}}]
    of = {"customerId": customer_id}
    await client.mutate("createContact", "contact { id }", {**of, "name": f"contact {mark}"}, by=by)
    await client.mutate("createOrder", "order { id }", {**of, "number": mark, "lines": lines}, by=by)


async def merge(client: SubgraphClient, by: Actor, survivor: str, *others: str, **given: Any) -> Any:
    return await client.mutate(
        "mergeCustomers", MERGED, {"survivorId": survivor, "otherIds": list(others), **given}, by=by
    )


async def one(client: SubgraphClient, by: Actor, identifier: str) -> Any:
    return (await client.query(ONE, {"id": identifier}, by=by)).data["customer"]


async def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer["userErrors"]]


async def test_all_that_hangs_on_them_follows_and_comes_back(client: SubgraphClient, admin: Actor) -> None:
    kept = await make(client, admin, "张三", phone="13812345678", tags=["VIP"])
    gone = await make(client, admin, "张三丰", email="z@example.com", externalId="erp:1", tags=["展会"], source="WEB")
    consent = {"customerId": gone, "purpose": "PROFILING", "source": "form"}
    await client.mutate("grantConsent", "customer { id }", consent, by=admin)
    await hang(client, admin, kept, "kept")
    await hang(client, admin, gone, "gone")
    merged = await merge(client, admin, kept, gone, choices=[{"field": "name", "fromId": gone}], reason="the same")
    assert {row["noun"]: row["count"] for row in merged["moved"]}["contact"] == 1
    seen = await one(client, admin, gone)  # the old id gives the survivor
    assert seen == await one(client, admin, kept)
    assert (seen["id"], seen["mergedIds"], seen["orderCount"]) == (kept, [gone], 2)
    assert (seen["name"], seen["phone"], seen["email"], seen["externalId"]) == (
        "张三丰",
        "+8613812345678",
        "z@example.com",
        "erp:1",
    )
    assert (seen["tags"], seen["consents"]) == (["VIP", "展会"], [{"purpose": "PROFILING", "granted": True}])
    assert {node["name"] for node in seen["contacts"]["nodes"]} == {"contact kept", "contact gone"}
    assert {entry["customerId"] for entry in seen["history"]["nodes"]} == {kept, gone}
    entity = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Customer { id } } }"
    found = await client.query(
        entity, {"of": [{"__typename": "Customer", "id": each} for each in (gone, kept)]}, by=admin
    )
    assert found.data["_entities"] == [{"id": kept}, {"id": kept}]
    assert (await client.query(LIST, by=admin)).data["customers"]["nodes"] == [{"id": kept}]

    await client.mutate("createContact", "contact { id }", {"customerId": kept, "name": "later"}, by=admin)
    await client.mutate("updateCustomer", "customer { id }", {"id": kept, "source": "PHONE"}, by=admin)
    undone = await client.mutate("unmergeCustomers", MERGED, {"mergeId": merged["merge"]["id"]}, by=admin)
    assert undone["userErrors"] == []
    back, stayed = await one(client, admin, gone), await one(client, admin, kept)
    assert (back["id"], back["name"], back["externalId"], back["email"]) == (gone, "张三丰", "erp:1", "z@example.com")
    assert (back["orderCount"], [node["name"] for node in back["contacts"]["nodes"]]) == (1, ["contact gone"])
    assert {entry["customerId"] for entry in back["history"]["nodes"]} == {gone}
    assert (stayed["name"], stayed["externalId"], stayed["email"], stayed["tags"]) == ("张三", None, None, ["VIP"])
    assert (stayed["source"], stayed["consents"], stayed["mergedIds"], stayed["orderCount"]) == ("PHONE", [], [], 1)
    assert {node["name"] for node in stayed["contacts"]["nodes"]} == {"contact kept", "later"}
    again = await client.mutate("unmergeCustomers", MERGED, {"mergeId": merged["merge"]["id"]}, by=admin)
    assert await codes(again) == ["MERGE_UNDONE"]


async def test_a_dry_run_says_what_would_come_and_changes_nothing(
    client: SubgraphClient, mongo: Mongo, admin: Actor
) -> None:
    kept, gone = await make(client, admin, "一"), await make(client, admin, "二", email="two@example.com")
    await hang(client, admin, gone, "gone")
    rows = {name: await mongo.database[name].find().to_list(None) for name in ("customers", "outbox", "audit")}
    planned = await merge(client, admin, kept, gone, dryRun=True)
    assert (planned["customer"]["email"], planned["customer"]["orderCount"]) == ("two@example.com", 1)
    for name, before in rows.items():
        assert await mongo.database[name].find().to_list(None) == before
    assert (await one(client, admin, gone))["id"] == gone


async def test_chains_of_merges_lead_to_the_last_and_come_apart_again(client: SubgraphClient, admin: Actor) -> None:
    first, second, third = [await make(client, admin, name) for name in "一二三"]
    await hang(client, admin, first, "first")
    inner = await merge(client, admin, second, first)
    outer = await merge(client, admin, third, second)
    assert (await one(client, admin, first))["id"] == third
    assert (await one(client, admin, third))["mergedIds"] == [second, first]
    refused = await client.mutate("unmergeCustomers", MERGED, {"mergeId": inner["merge"]["id"]}, by=admin)
    assert await codes(refused) == ["MERGE_NOT_FOUND"]
    for each in (outer, inner):
        assert (
            await codes(await client.mutate("unmergeCustomers", MERGED, {"mergeId": each["merge"]["id"]}, by=admin))
            == []
        )
    for each, orders in ((first, 1), (second, 0), (third, 0)):
        found = await one(client, admin, each)
        assert (found["id"], found["mergedIds"], found["orderCount"]) == (each, [], orders)


async def test_only_who_reaches_all_of_them_merges(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    everything = dict.fromkeys(("READ", "CREATE", "UPDATE", "DELETE", "MERGE"), "OWN")
    await mongo.database["access"].insert_one(
        role_row("MERGER", {"Customer": everything}, {"Customer": {"email": "MASK"}})
    )
    own, other = await make(client, seller, "一"), await make(client, admin, "二")
    assert await codes(await merge(client, seller, own, await make(client, seller, "三"))) == ["FORBIDDEN"]
    merger = Actor(seller.id, "MERGER", "ses_9")
    assert await codes(await merge(client, merger, own, own)) == ["NOTHING_TO_MERGE"]
    assert await codes(await merge(client, merger, own, other)) == ["NOT_FOUND"]
    mine = await make(client, seller, "四", email="four@example.com")
    hidden = [{"field": "email", "fromId": mine}]
    assert await codes(await merge(client, merger, own, mine, choices=hidden)) == ["FORBIDDEN_FIELD"]
    unknown = [{"field": "version", "fromId": mine}]
    assert await codes(await merge(client, merger, own, mine, choices=unknown)) == ["UNKNOWN_CHOICE"]
    assert await codes(await merge(client, merger, own, mine, expectedVersion=7)) == ["VERSION_CONFLICT"]
    assert await codes(await merge(client, merger, own, mine)) == []
    restored = await client.mutate("restoreCustomer", "customer { id }", {"id": mine}, by=merger)
    assert await codes(restored) == ["CUSTOMER_MERGED"]


async def test_an_erasure_covers_who_was_merged_and_either_id_names_them(
    client: SubgraphClient, mongo: Mongo, admin: Actor
) -> None:
    kept = await make(client, admin, "张三", phone="13812345678")
    gone = await make(client, admin, "张三丰", email="z@example.com")
    await hang(client, admin, gone, "gone")
    await merge(client, admin, kept, gone)
    asked = await client.mutate("eraseSubject", "request { id }", {"customerId": gone}, by=admin)
    assert await codes(asked) == []
    for name in ("customers", "customer_history", "contacts"):
        rows = str(await mongo.database[name].find().to_list(None))
        assert not [secret for secret in ("张三", "z@example.com", "138123", "contact gone") if secret in rows], name


async def test_merges_of_many_customers_take_one_query(client: SubgraphClient, admin: Actor) -> None:
    for name in "一二三":
        await merge(client, admin, await make(client, admin, name), await make(client, admin, name))
    before = commands()
    nodes = (await client.query("{ customers { nodes { mergedIds merges { otherIds } } } }", by=admin)).data[
        "customers"
    ]
    assert commands() - before == 2
    assert all(node["mergedIds"] == node["merges"][0]["otherIds"] for node in nodes["nodes"])


async def test_custom_values_that_a_merge_brought_go_with_it_and_later_ones_stay(
    client: SubgraphClient, admin: Actor
) -> None:
    for key in ("own", "both", "brought", "edited"):
        field = {"appliesTo": "Customer", "key": key, "label": key, "type": "TEXT", "unique": key == "brought"}
        assert await codes(await client.mutate("defineCustomField", "customField { id }", field, by=admin)) == []
    kept = await make(client, admin, "一", custom=custom(own="1", both="1"))
    gone = await make(client, admin, "二", custom=custom(both="2", brought="2", edited="2"))
    merged = await merge(client, admin, kept, gone)
    assert await custom_of(client, admin, kept) == {"own": "1", "both": "1", "brought": "2", "edited": "2"}
    change = {"id": kept, "custom": custom(edited="3", own="3")}
    assert await codes(await client.mutate("updateCustomer", "customer { id }", change, by=admin)) == []
    undone = await client.mutate("unmergeCustomers", MERGED, {"mergeId": merged["merge"]["id"]}, by=admin)
    assert await codes(undone) == []
    assert await custom_of(client, admin, kept) == {"own": "3", "both": "1", "edited": "3"}
    assert await custom_of(client, admin, gone) == {"both": "2", "brought": "2", "edited": "2"}
    bare = await make(client, admin, "三")
    merged = await merge(client, admin, bare, gone)
    undone = await client.mutate("unmergeCustomers", MERGED, {"mergeId": merged["merge"]["id"]}, by=admin)
    assert await codes(undone) == []
    assert await custom_of(client, admin, bare) == {}


def custom(**values: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


async def custom_of(client: SubgraphClient, by: Actor, identifier: str) -> dict[str, Any]:
    document = "query($id: ID!) { customer(id: $id) { custom { key value } } }"
    found = (await client.query(document, {"id": identifier}, by=by)).data["customer"]["custom"]
    return {each["key"]: each["value"] for each in found if each["value"] is not None}
