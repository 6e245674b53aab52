"""A copy of all that is kept of a customer, and its erasure: this service's part."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from database_calls import commands
from heard_events import hear
from pydantic import ValidationError
from subgraph_client import SubgraphClient

from rapport_customers.app import pipeline_service
from rapport_customers.consumers import HANDLERS
from rapport_customers.settings import Settings
from rapport_customers.subjects.suppression import WITHOUT_KEY, Digests, Suppressed
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.audit import Chain, verify
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerErased
from rapport_shared.contracts.subjects import InteractionsSubjectErased, SubjectErasureRequested, TasksSubjectErased
from rapport_shared.events import decode
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

CANARY = "canary7391"
PERSON = {
    "kind": "PERSON",
    "name": f"{CANARY} 张三",
    "phone": "13873917391",
    "email": f"{CANARY}@example.com",
    "source": f"{CANARY} fair",
    "tags": [f"{CANARY} tag"],
    "externalId": f"{CANARY}:1",
}
REQUEST = """request { id kind status customerId version completedAt
  services { service status records completedAt } }"""


@pytest.fixture(autouse=True)
async def standard_pipeline(mongo: Mongo, clock: ManualClock) -> None:
    await pipeline_service(mongo, clock).ensure_standard()


async def _make(client: SubgraphClient, by: Actor, **given: Any) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {**PERSON, **given}, by=by)
    return str(made["customer"]["id"])


async def _fill(client: SubgraphClient, by: Actor) -> str:
    """A customer with personal values in every place that this service has for them."""
    customer = await _make(client, by, idempotencyKey=f"{CANARY}:key")
    changed = {"id": customer, "name": f"{CANARY} 李四", "reason": f"{CANARY} reason"}
    labelled = {"tags": [*PERSON["tags"], f"{CANARY} label"]}
    await client.mutate("updateCustomer", "customer { id }", {**changed, **labelled}, by=by)
    labels = (
        await client.query("query($id: ID!) { customer(id: $id) { tagLinks { tag { id } } } }", {"id": customer}, by=by)
    ).data
    for label in labels["customer"]["tagLinks"]:
        coloured = {"id": label["tag"]["id"], "colour": "#1E90FF", "reason": f"{CANARY} reason"}
        assert (await client.mutate("updateTag", "tag { id }", coloured, by=by))["userErrors"] == []
    word = {"purpose": "MARKETING_EMAIL", "source": f"{CANARY} form", "evidence": f"{CANARY} scan"}
    await client.mutate("grantConsent", "customer { id }", {"customerId": customer, **word}, by=by)
    contact = {"name": f"{CANARY} 王五", "title": f"{CANARY} title", "email": f"{CANARY}@example.org"}
    made = await client.mutate("createContact", "contact { id }", {"customerId": customer, **contact}, by=by)
    assert made["userErrors"] == []
    deal = {"customerId": customer, "name": f"{CANARY} deal", "source": f"{CANARY} fair"}
    made = await client.mutate("createDeal", "deal { id }", deal, by=by)
    lost = {"id": made["deal"]["id"], "stage": "LOST", "reason": f"{CANARY} why"}
    assert (await client.mutate("moveDeal", "deal { id }", lost, by=by))["userErrors"] == []
    return customer


async def _everything(mongo: Mongo) -> str:
    found = ""
    for name in await mongo.database.list_collection_names():
        async for document in mongo.database[name].find():
            found += f"{name}: {document}\n"
    return found


async def _ask(client: SubgraphClient, by: Actor, verb: str, customer: str, **given: Any) -> Any:
    return await client.mutate(f"{verb}Subject", REQUEST, {"customerId": customer, **given}, by=by)


async def test_an_erased_customer_is_an_empty_shell(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    customer = await _fill(client, admin)
    other = await _make(client, admin, externalId="other", tags=[])
    assert CANARY in await _everything(mongo)
    answer = await _ask(client, admin, "erase", customer)
    assert answer["userErrors"] == []
    assert [part["status"] for part in answer["request"]["services"]] == ["COMPLETED", "PENDING", "PENDING"]
    document = "query($id: ID!) { customer(id: $id) { id name phone email source tags externalId consents { at } } }"
    shell = (await client.query(document, {"id": customer}, by=admin)).data["customer"]
    nothing: dict[str, Any] = {
        "phone": None,
        "email": None,
        "source": None,
        "tags": [],
        "externalId": None,
        "consents": [],
    }
    assert shell == {"id": customer, "name": "[erased]", **nothing}
    assert (await client.query(document, {"id": other}, by=admin)).data["customer"]["name"] == PERSON["name"]
    await mongo.database["customers"].delete_one({"_id": other})
    await mongo.database["customer_history"].delete_many({"customer_id": other})
    left = await _everything(mongo)
    assert CANARY not in left
    assert "13873917391" not in left


async def test_the_history_keeps_what_happened_but_no_value(
    client: SubgraphClient, admin: Actor, clock: ManualClock
) -> None:
    customer = await _fill(client, admin)
    clock.advance(timedelta(hours=1))
    await _ask(client, admin, "erase", customer)
    document = """query($id: ID!) { customer(id: $id) { stage history { nodes { action reason changes {
      field before after } } } } }"""
    entries = (await client.query(document, {"id": customer}, by=admin)).data["customer"]["history"]["nodes"]
    assert [entry["action"] for entry in entries] == ["erased", "consent_granted", "updated", "created"]
    assert {entry["reason"] for entry in entries} == {None}
    kept = {(change["field"], str(change["after"])) for change in entries[-1]["changes"] if change["after"] is not None}
    created = {("kind", "PERSON"), ("stage", "LEAD"), ("priority", "NORMAL"), ("ownerId", "usr_admin")}
    assert kept == {*created, ("stageSince", "2026-03-01T09:00:00.000Z")}


async def test_nothing_brings_values_back(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    customer = await _fill(client, admin)
    await _ask(client, admin, "erase", customer)
    update = await client.mutate("updateCustomer", "customer { id }", {"id": customer, "name": CANARY}, by=admin)
    assert [error["code"] for error in update["userErrors"]] == ["CUSTOMER_ERASED"]
    word = {"customerId": customer, "purpose": "PROFILING", "source": CANARY}
    said = await client.mutate("grantConsent", "customer { id }", word, by=admin)
    assert [error["code"] for error in said["userErrors"]] == ["CUSTOMER_ERASED"]
    contact = {"customerId": customer, "name": CANARY}
    made = await client.mutate("createContact", "contact { id }", contact, by=admin)
    assert [error["code"] for error in made["userErrors"]] == ["CUSTOMER_ERASED"]
    contacts = await mongo.database["contacts"].find().to_list(None)
    changed = {"id": contacts[0]["_id"], "name": CANARY}
    updated = await client.mutate("updateContact", "contact { id }", changed, by=admin)
    assert [error["code"] for error in updated["userErrors"]] == ["RECORD_ERASED"]
    # The command that made the customer arrives once more: it is known, and makes nothing.
    again = await _make(client, admin, idempotencyKey=f"{CANARY}:key")
    assert again == customer
    assert CANARY not in await _everything(mongo)


async def test_business_goes_on_with_the_shell(client: SubgraphClient, admin: Actor) -> None:
    customer = await _fill(client, admin)
    await _ask(client, admin, "erase", customer)
    change = {"id": customer, "stage": "LOST", "ownerId": None}
    answer = await client.mutate("updateCustomer", "customer { stage ownerId }", change, by=admin)
    assert answer == {"customer": {"stage": "LOST", "ownerId": None}, "userErrors": []}


async def test_the_audit_log_holds_after_an_erasure(
    client: SubgraphClient, mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    customer = await _fill(client, admin)
    chain = Chain(mongo, clock)
    await chain.seal()
    await _ask(client, admin, "erase", customer, reason="asked in writing")
    while await chain.seal():
        pass
    assert [str(problem) async for problem in verify(mongo.database)] == []
    document = """query($id: ID!) { customersAuditLog(filter: {recordId: {eq: $id}}) { nodes {
      action reason changed } } }"""
    rows = (await client.query(document, {"id": customer}, by=admin)).data["customersAuditLog"]["nodes"]
    assert [(row["action"], row["reason"]) for row in rows if row["reason"]] == [
        ("customers.customer.erased", "asked in writing")
    ]
    counted = await mongo.database["audit"].find_one({"action": "customers.subject.erased"})
    assert counted is not None
    assert counted["rows"] == 7, "the customer, its contact and deal, and four entries of its history"


async def test_events_tell_of_the_erasure_and_hold_nothing(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    customer = await _fill(client, admin)
    await _ask(client, admin, "erase", customer)
    rows = await mongo.database["outbox"].find().sort("_id", 1).to_list(None)
    assert all(CANARY.encode() not in bytes(row["body"]) for row in rows)
    kinds = [type(decode(bytes(row["body"]))[1]) for row in rows]
    assert CustomerErased in kinds
    assert SubjectErasureRequested in kinds


async def test_who_was_erased_stays_so(client: SubgraphClient, admin: Actor) -> None:
    customer = await _fill(client, admin)
    first = await _ask(client, admin, "erase", customer)
    second = await _ask(client, admin, "erase", customer)
    assert second["request"]["id"] == first["request"]["id"]


async def test_deleted_customers_are_erased_too(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    customer = await _fill(client, admin)
    await client.mutate("deleteCustomer", "customer { id }", {"id": customer}, by=admin)
    assert (await _ask(client, admin, "erase", customer))["userErrors"] == []
    assert CANARY not in await _everything(mongo)


@pytest.mark.parametrize("verb", ["erase", "export"])
async def test_only_who_has_the_right_of_its_own_may_ask(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor, support: Actor, verb: str
) -> None:
    customer = await _make(client, seller)
    before = await mongo.database["outbox"].count_documents({})
    for by in (seller, support, Actor("usr_m", "MANAGER", "s"), Actor("usr_x", "MARKETING", "s")):
        answer = await _ask(client, by, verb, customer)
        assert answer == {"request": None, "userErrors": [{"code": "FORBIDDEN", "path": ["input"]}]}
        listed = await client.query("{ subjectRequests { totalCount } }", by=by)
        assert listed.data == {"subjectRequests": {"totalCount": 0}}
    assert await mongo.database["outbox"].count_documents({}) == before
    unknown = await _ask(client, admin, verb, "cus_nobody")
    assert [error["code"] for error in unknown["userErrors"]] == ["CUSTOMER_NOT_FOUND"]


async def test_a_request_is_complete_once_every_service_has_answered(
    client: SubgraphClient, transactions: Transactions[CustomersWork], admin: Actor, clock: ManualClock
) -> None:
    customer = await _make(client, admin)
    request = (await _ask(client, admin, "erase", customer))["request"]["id"]
    for event_type in (InteractionsSubjectErased, TasksSubjectErased, TasksSubjectErased):
        clock.advance(timedelta(seconds=1))
        event = event_type(request_id=request, customer_id=customer, records=7, at=clock())
        await hear(transactions, HANDLERS, event, version=1, at=clock())
    document = f"query($id: ID!) {{ subjectRequest(id: $id) {{ {REQUEST.removeprefix('request {')} }}"
    found = (await client.query(document, {"id": request}, by=admin)).data["subjectRequest"]
    assert (found["status"], found["completedAt"]) == ("COMPLETED", "2026-03-01T09:00:02.000Z")
    assert [part["records"] for part in found["services"]] == [3, 7, 7]


async def test_a_copy_is_everything_that_is_stored_page_by_page(
    client: SubgraphClient, mongo: Mongo, admin: Actor, support: Actor
) -> None:
    customer = await _fill(client, admin)
    await _make(client, admin, externalId="other")
    request = (await _ask(client, admin, "export", customer))["request"]
    assert [part["records"] for part in request["services"]] == [6, None, None]
    document = """query($id: ID!, $after: String) { subjectRequest(id: $id) { customersRecords(
      first: 2, after: $after) {
      next records { type id data } } } }"""
    found: list[Any] = []
    after = None
    while True:
        answer = await client.query(document, {"id": request["id"], "after": after}, by=admin)
        page = answer.data["subjectRequest"]["customersRecords"]
        found += page["records"]
        after = page["next"]
        if after is None:
            break
    assert [record["type"] for record in found] == ["Customer", *["CustomerHistoryEntry"] * 3, "Contact", "Deal"]
    stored = await mongo.database["customers"].find_one({"_id": customer})
    assert stored is not None
    data = found[0]["data"]
    assert {name: data[name] for name in ("name", "phone", "email", "tags")} == {
        name: stored[name] for name in ("name", "phone", "email", "tags")
    }
    assert data["consents"][0]["evidence"] == f"{CANARY} scan"
    assert "search" not in data
    reads = await mongo.database["audit"].find({"action": "customers.subject.read"}).to_list(None)
    assert sum(row["rows"] for row in reads) == len(found)
    assert (await client.query(document, {"id": request["id"]}, by=support)).data == {"subjectRequest": None}


async def test_who_was_erased_is_recognised_and_cannot_be_read(
    client: SubgraphClient, mongo: Mongo, admin: Actor
) -> None:
    known = Suppressed(mongo.database, None, Digests("k" * 32))
    row = {"phone": "+8613873917391", "email": f"{CANARY}@example.com", "external_id": f"{CANARY}:1"}
    others: list[dict[str, Any]] = [
        {"phone": "+8613873917392", "email": None, "external_id": "2"},
        {},
        {"external_id": row["phone"]},  # the same text as another identifier is somebody else's
        {"phone": None, "email": "", "name": PERSON["name"]},
    ]
    customer = await _fill(client, admin)
    assert await known.known([row, *others]) == [False] * 5
    await _ask(client, admin, "erase", customer)
    each: list[dict[str, Any]] = [{name: value} for name, value in row.items()]
    upper = {"email": f"{CANARY.upper()}@Example.COM"}
    assert await known.known([row, *each, upper, *others]) == [True] * 5 + [False] * 4
    assert await Suppressed(mongo.database, None, Digests("o" * 32)).known([row]) == [False]
    assert await Suppressed(mongo.database, None, WITHOUT_KEY).known([row]) == [False]
    kept = await mongo.database["suppressed"].find().to_list(None)
    assert [set(document) for document in kept] == [{"_id", "request_id", "at"}] * 3
    plain = {hashlib.sha256(value.encode()).hexdigest() for value in row.values()}
    assert plain.isdisjoint(document["_id"] for document in kept)


async def test_one_query_recognises_any_number(mongo: Mongo) -> None:
    known = Suppressed(mongo.database, None, Digests("k" * 32))
    before = commands()
    assert await known.known([{"phone": f"+86138{number:08}"} for number in range(200)]) == [False] * 200
    assert commands() == before + 1


@pytest.mark.parametrize("key", ["short", "k" * 31])
def test_a_key_that_can_be_guessed_is_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        Settings(suppression_key=key)
