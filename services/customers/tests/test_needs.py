"""Needs as clients meet them."""

import asyncio
from typing import Any

import pytest
from access_rows import role_row, user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.needs.repository import NeedRepository
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

NEED = "need { id version kind text status interactionId customer { id } }"
LIST = """query($filter: NeedFilter, $search: String) { needs(filter: $filter, search: $search) {
  totalCount nodes { id text } } }"""


async def customer(client: SubgraphClient, by: Actor) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "COMPANY", "name": "蓝海"}, by=by)
    return str(made["customer"]["id"])


async def create(client: SubgraphClient, by: Actor, customer_id: str, text: str, kind: str = "PAIN") -> Any:
    given = {"customerId": customer_id, "kind": kind, "text": text, "interactionId": "int_1"}
    return await client.mutate("createNeed", NEED, given, by=by)


async def test_a_need_is_made_found_addressed_and_put_away(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    need = (await create(client, seller, about, "交付太慢, delivery takes weeks"))["need"]
    assert (need["kind"], need["status"], need["interactionId"]) == ("PAIN", "OPEN", "int_1")
    await create(client, seller, about, "prefers mail", "PREFERENCE")
    for text in ("太慢", "jiaofu", "jf", "deliv weeks"):
        found = (await client.query(LIST, {"search": text}, by=seller)).data["needs"]
        assert [each["id"] for each in found["nodes"]] == [need["id"]], text
    done = await client.mutate("updateNeed", NEED, {"id": need["id"], "status": "ADDRESSED"}, by=seller)
    assert (done["need"]["status"], done["need"]["version"]) == ("ADDRESSED", 2)
    stale = {"id": need["id"], "text": "x", "expectedVersion": 1}
    refused = await client.mutate("updateNeed", NEED, stale, by=seller)
    assert [error["code"] for error in refused["userErrors"]] == ["VERSION_CONFLICT"]
    open_ones = {"filter": {"status": {"eq": "OPEN"}, "kind": {"in": ["PAIN", "PREFERENCE"]}}}
    found = (await client.query(LIST, open_ones, by=seller)).data["needs"]
    assert [each["text"] for each in found["nodes"]] == ["prefers mail"]
    await client.mutate("deleteNeed", NEED, {"id": need["id"]}, by=seller)
    assert (await client.query(LIST, by=seller)).data["needs"]["totalCount"] == 1
    await client.mutate("restoreNeed", NEED, {"id": need["id"]}, by=seller)
    assert (await client.query(LIST, by=seller)).data["needs"]["totalCount"] == 2


@pytest.mark.parametrize("text", [" ", "x" * 501, "a\u0000b"])
async def test_bad_texts_are_refused(client: SubgraphClient, seller: Actor, mongo: Mongo, text: str) -> None:
    answer = await create(client, seller, await customer(client, seller), text)
    assert [error["code"] for error in answer["userErrors"]] == ["INVALID_NEED"]
    assert await mongo.database["needs"].count_documents({}) == 0


async def test_needs_go_with_their_customer_and_are_erased_with_it(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    await mongo.database["access"].insert_one(user_row(seller.id))
    about = await customer(client, admin)
    need = (await create(client, admin, about, "秘密"))["need"]
    assert (await client.query(LIST, by=seller)).data["needs"]["totalCount"] == 0
    await client.mutate("updateCustomer", "customer { id }", {"id": about, "ownerId": seller.id}, by=admin)
    assert (await client.query(LIST, by=seller)).data["needs"]["totalCount"] == 1
    await client.mutate("eraseSubject", "request { id }", {"customerId": about}, by=admin)
    stored = await mongo.database["needs"].find_one({"_id": need["id"]})
    assert stored is not None
    assert (stored["text"], stored["search"]) == ("[erased]", {"text": []})
    back = await client.mutate("updateNeed", NEED, {"id": need["id"], "text": "秘密"}, by=seller)
    assert [error["code"] for error in back["userErrors"]] == ["RECORD_ERASED"]


async def test_segments_go_by_what_their_customers_need(
    client: SubgraphClient, admin: Actor, seller: Actor, mongo: Mongo
) -> None:
    await mongo.database["access"].insert_one(role_row("DEAF", {"Customer": {"READ": "ALL"}}))
    document = "query($rule: CustomerRuleInput!) { segmentPreview(rule: $rule) { nodes { id } } }"
    open_pain = {"needs": {"kinds": ["PAIN"], "statuses": ["OPEN"]}}

    async def preview(rule: Any = open_pain) -> set[str]:
        answer = await client.query(document, {"rule": rule}, by=admin)
        return {node["id"] for node in answer.data["segmentPreview"]["nodes"]}

    pained, content, other = [await customer(client, by) for by in (seller, seller, admin)]
    need = (await create(client, seller, pained, "交付太慢"))["need"]["id"]
    await create(client, seller, content, "prefers mail", "PREFERENCE")
    assert await preview() == {pained}
    assert await preview({"needs": {"isNull": True}}) == {other}
    await client.mutate("updateNeed", NEED, {"id": need, "status": "ADDRESSED"}, by=seller)
    assert (await preview(), await preview({"needs": {"kinds": ["PAIN"]}})) == (set(), {pained})
    await client.mutate("deleteNeed", NEED, {"id": need}, by=seller)
    assert await preview({"needs": {"statuses": ["OPEN", "ADDRESSED"]}}) == {content}
    await client.mutate("restoreNeed", NEED, {"id": need}, by=seller)
    await client.mutate("updateNeed", NEED, {"id": need, "status": "OPEN"}, by=seller)
    merge = {"survivorId": other, "otherIds": [pained]}
    merged = await client.mutate("mergeCustomers", "merge { id }", merge, by=admin)
    assert await preview() == {other}
    await client.mutate("unmergeCustomers", "merge { id }", {"mergeId": merged["merge"]["id"]}, by=admin)
    assert await preview() == {pained}
    await mongo.database["needs"].update_many({}, {"$unset": {"marks": ""}})
    await mongo.database["customers"].update_many({}, {"$unset": {"facts.needs": ""}})
    assert [await NeedRepository(mongo.database).fill_marks() for _ in range(2)] == [2, 0]
    assert await preview() == {pained}
    deaf = Actor("usr_deaf", "DEAF", "ses_9")
    assert (await client.query(document, {"rule": open_pain}, by=deaf)).codes == ["FORBIDDEN_FIELD"]


async def test_two_needs_at_once_are_both_known(client: SubgraphClient, seller: Actor, mongo: Mongo) -> None:
    about = await customer(client, seller)
    made = await asyncio.gather(*(create(client, seller, about, "交付", kind) for kind in ("PAIN", "PREFERENCE")))
    assert [payload["userErrors"] for payload in made] == [[], []]
    stored = await mongo.database["customers"].find_one({"_id": about})
    assert stored is not None
    assert stored["facts"]["needs"] == ["OPEN", "PAIN", "PAIN:OPEN", "PREFERENCE", "PREFERENCE:OPEN"]


async def test_a_hidden_text_is_null_and_not_searched(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    reads = {"Need": {"READ": "ALL"}, "Customer": {"READ": "ALL"}}
    await mongo.database["access"].insert_one(role_row("BLIND", reads, {"Need": {"text": "MASK"}}))
    await create(client, admin, await customer(client, admin), "秘密")
    blind = Actor("usr_blind", "BLIND", "ses_9")
    assert (await client.query(LIST, by=blind)).data["needs"]["nodes"][0]["text"] is None
    assert (await client.query(LIST, {"search": "秘"}, by=blind)).codes == ["FORBIDDEN_FIELD"]


async def test_needs_of_a_page_cost_the_same_whatever_its_size(client: SubgraphClient, seller: Actor) -> None:
    counts = []
    for size in (1, 3):
        for _ in range(size):
            await create(client, seller, await customer(client, seller), "交付")
        before = commands()
        document = f"{{ customers(first: {size}) {{ nodes {{ needs {{ totalCount nodes {{ text }} }} }} }} }}"
        assert len((await client.query(document, by=seller)).data["customers"]["nodes"]) == size
        counts.append(commands() - before)
    assert counts[0] == counts[1]
