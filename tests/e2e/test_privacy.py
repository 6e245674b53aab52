"""Personal values on the whole running system: they are where they belong, and after an erasure nowhere."""

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aio_pika import connect
from canaries import Canaries, in_databases, in_files, in_logs, in_metrics
from gql.transport.exceptions import TransportQueryError
from pymongo import MongoClient
from staff import Staff
from waiting import eventually

from rapport_local.testing.running import RunningSystem

CUSTOMERS = 50
AT_ONCE = 5
OWNERS = {
    "customers.customers",
    "customers.customer_history",
    "customers.contacts",
    "customers.deals",
    "customers.tags",
    "interactions.interactions",
    "tasks.tasks",
    "identity.users",
    # Reasons, beside the sealed part of a row.
    "customers.audit",
    "interactions.audit",
    "tasks.audit",
}
"""The collections that may hold personal values."""
STATUS = """query($id: ID!) { subjectRequest(id: $id) { status services { service status records } } }"""


@dataclass
class Person:
    """A customer, and how many records each service has of it."""

    id: str
    interactions: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    contents: set[str] = field(default_factory=set)


@dataclass
class World:
    canaries: Canaries
    people: list[Person]


async def _done(by: Staff, field: str, selection: str, /, **given: Any) -> Any:
    """The payload of a mutation that must succeed."""
    payload = await by.do(field, selection, **given)
    assert payload["userErrors"] == [], (field, payload)
    return payload


async def _make_person(by: Staff, canaries: Canaries) -> Person:
    """Every mutation about one customer, with a canary in every personal field."""
    text, reason = canaries.text, canaries.text("reason")
    made = await _done(
        by,
        "createCustomer",
        "customer { id }",
        kind="PERSON",
        name=text("name"),
        phone=canaries.phone(),
        email=f"{canaries.word()}@example.com",
        source=text("source"),
        tags=[text("tag")],
        externalId=canaries.word(),
        idempotencyKey=canaries.word(),
    )
    person = Person(made["customer"]["id"])
    await _done(by, "updateCustomer", "__typename", id=person.id, name=text("new name"), reason=reason)
    word = {"customerId": person.id, "purpose": "MARKETING_SMS", "source": text("form"), "evidence": text("scan")}
    await _done(by, "grantConsent", "__typename", **word)
    await _done(by, "withdrawConsent", "__typename", **word)
    await _done(by, "deleteCustomer", "__typename", id=person.id, reason=reason)
    await _done(by, "restoreCustomer", "__typename", id=person.id, reason=reason)
    contact = {"customerId": person.id, "name": text("contact"), "title": text("title"), "phone": canaries.phone()}
    await _done(by, "createContact", "__typename", **contact)
    deal = await _done(by, "createDeal", "deal { id }", customerId=person.id, name=text("deal"), source=text("fair"))
    await _done(by, "moveDeal", "__typename", id=deal["deal"]["id"], stage="LOST", reason=reason)
    price = {"amount": "10", "currency": "CNY"}
    await _done(by, "createOrder", "__typename", customerId=person.id, number=secrets.token_hex(6), total=price)
    for _ in range(2):
        await _talk(by, canaries, person)
    await _work(by, canaries, person)
    return person


async def _talk(by: Staff, canaries: Canaries, person: Person) -> None:
    said = canaries.text("said")
    spoke = {"channel": "PHONE", "participants": [canaries.text("who")], "content": said}
    asked = {"customerId": person.id, "nextFollowUpAt": "2031-01-01T00:00:00Z", "idempotencyKey": canaries.word()}
    made = await _done(by, "recordInteraction", "interaction { id }", **spoke, **asked)
    person.interactions.append(made["interaction"]["id"])
    change = {"id": person.interactions[-1], "outcome": canaries.text("outcome"), "reason": canaries.text("reason")}
    await _done(by, "updateInteraction", "__typename", **change)
    person.contents.add(said)


async def _work(by: Staff, canaries: Canaries, person: Person) -> None:
    task = {"title": canaries.text("title"), "description": canaries.text("about"), "customerId": person.id}
    made = await _done(by, "createTask", "task { id }", **task, idempotencyKey=canaries.word())
    person.tasks.append(made["task"]["id"])
    change = {"id": person.tasks[-1], "description": canaries.text("more"), "reason": canaries.text("reason")}
    await _done(by, "updateTask", "__typename", **change)
    await _done(by, "completeTask", "__typename", id=person.tasks[-1], result=canaries.text("result"))


async def _err(by: Staff, canaries: Canaries, person: Person) -> None:
    """Everything that can go wrong with a value in it."""
    text = canaries.text
    refused: list[tuple[str, dict[str, Any]]] = [
        ("createCustomer", {"kind": "PERSON", "name": text("x"), "phone": text("no phone")}),
        ("createCustomer", {"kind": "PERSON", "name": text("x"), "email": text("no mail")}),
        ("createCustomer", {"kind": "PERSON", "name": text("x" * 201)}),
        ("updateCustomer", {"id": person.id, "name": text("x"), "expectedVersion": 1}),
        ("updateCustomer", {"id": text("no id"), "name": text("x")}),
        ("updateCustomer", {"id": person.id, "name": text("x"), "reason": text("x" * 501)}),
        ("recordInteraction", {"customerId": text("no id"), "channel": "PHONE", "content": text("said")}),
        ("createTask", {"title": text("x"), "assigneeId": text("nobody")}),
        ("signIn", {"email": f"{canaries.word()}@example.com", "password": text("password")}),
    ]
    for name, given in refused:
        payload = await by.do(name, "__typename", **given)
        assert len(payload["userErrors"]) == 1, name
    broken = [
        f'{{ customers(search: "{text("x")}") {{ {canaries.word()} }} }}',
        f"{{ customers(filter: {{ stage: {{ eq: {canaries.word()} }} }}) {{ totalCount }} }}",
        f'mutation {{ createCustomer(input: {{ kind: {canaries.word()}, name: "{text("x")}" }}) {{ __typename }} }}',
        f'{{ customers(after: "{canaries.word()}") {{ totalCount }} }}',
    ]
    for document in broken:
        with pytest.raises(TransportQueryError):
            await by.ask(document)
    await by.ask("query($s: String) { customers(search: $s) { totalCount } }", s=text("name"))


async def _dead_letter(by: Staff, canaries: Canaries, system: RunningSystem, person: Person) -> None:
    """A handler fails at every try, while the customer gets new values: retries, and then the dead-letter queue."""
    prefix = system.addresses.database_prefix
    with MongoClient[dict[str, Any]](system.addresses.mongo_url) as client:
        known = client[f"{prefix}_interactions"]["customers"]
        assert known.update_one({"_id": person.id}, {"$rename": {"version": "broken"}}).modified_count == 1
        await by.do("updateCustomer", "__typename", id=person.id, name=canaries.text("name"))
        await eventually(lambda: _dead_letters(system), seconds=60)
        known.update_one({"_id": person.id}, {"$rename": {"broken": "version"}})


async def _dead_letters(system: RunningSystem) -> int:
    async with await connect(system.addresses.amqp_url) as connection:
        queue = await (await connection.channel()).get_queue("rapport.interactions.dead", ensure=False)
        declared = await queue.channel.declare_queue(queue.name, passive=True)
        return declared.declaration_result.message_count or 0


@pytest.fixture(scope="module")
async def world(running_system: RunningSystem, staff: dict[str, Staff]) -> World:
    """Fifty customers with everything about them."""
    canaries, admin = Canaries(), staff["admin"]
    people: list[Person] = []
    for _ in range(CUSTOMERS // AT_ONCE):
        people += await asyncio.gather(*(_make_person(admin, canaries) for _ in range(AT_ONCE)))
    account = {"email": f"{canaries.word()}@example.com", "name": canaries.text("user"), "title": canaries.text("job")}
    made = await admin.do("createUser", "user { id }", role="SALES", password=secrets.token_hex(8), **account)
    assert made["userErrors"] == []
    await _err(admin, canaries, people[0])
    await _dead_letter(admin, canaries, running_system, people[1])
    return World(canaries, people)


def _broker_folder(factory: pytest.TempPathFactory) -> Path | None:
    """The data of a broker that this run has started itself."""
    return next(iter(factory.getbasetemp().glob("backing*/rabbitmq")), None)


async def _outside(
    world: World, system: RunningSystem, factory: pytest.TempPathFactory
) -> dict[str, dict[str, list[str]]]:
    """Where canaries are that are in no database."""
    found = {"logs": await in_logs(world.canaries, system), "metrics": await in_metrics(world.canaries, system)}
    folder = _broker_folder(factory)
    if folder is not None:
        proof = world.people[0].id.encode()
        found["broker"] = await asyncio.to_thread(in_files, world.canaries, folder, proof=proof)
    return {place: where for place, where in found.items() if where}


async def test_personal_values_are_where_they_belong_only(
    world: World, running_system: RunningSystem, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert await _outside(world, running_system, tmp_path_factory) == {}
    stored = await asyncio.to_thread(in_databases, world.canaries, running_system)
    assert stored.keys() == OWNERS, "each of them holds some, or this would show nothing; no other holds any"
    assert stored["customers.customers"] == CUSTOMERS


async def test_a_copy_is_complete(world: World, admin: Staff) -> None:
    person = world.people[2]
    asked = await admin.do("exportSubject", "request { id }", customerId=person.id)
    request = asked["request"]["id"]
    done = await _completed(admin, request)
    document = """query($id: ID!) { subjectRequest(id: $id) {
      customersRecords(first: 500) { next records { type id data } }
      interactionsRecords(first: 500) { next records { type id data } }
      tasksRecords(first: 500) { next records { type id data } } } }"""
    copy = (await admin.ask(document, id=request))["subjectRequest"]
    counted = {part["service"]: part["records"] for part in done["services"]}
    for service, expected in counted.items():
        page = copy[f"{service}Records"]
        assert (page["next"], len(page["records"])) == (None, expected)
    spoken = copy["interactionsRecords"]["records"]
    assert {record["id"] for record in spoken} == set(person.interactions)
    assert {record["data"]["content"] for record in spoken} == person.contents
    tasks = {record["id"] for record in copy["tasksRecords"]["records"]}
    assert set(person.tasks) < tasks, "the follow-ups that its communications asked for are there too"
    assert len(tasks) == len(person.tasks) + len(person.interactions)
    kinds = {record["type"] for record in copy["customersRecords"]["records"]}
    assert kinds == {"Customer", "CustomerHistoryEntry", "Contact", "Deal", "Order"}


async def test_after_the_erasure_they_are_nowhere(
    world: World, admin: Staff, running_system: RunningSystem, tmp_path_factory: pytest.TempPathFactory
) -> None:
    requests = []
    for person in world.people:
        asked = await admin.do("eraseSubject", "request { id }", customerId=person.id)
        assert asked["userErrors"] == []
        requests.append(asked["request"]["id"])
    for request in requests:
        await _completed(admin, request)
    stored = await asyncio.to_thread(in_databases, world.canaries, running_system)
    assert stored.keys() == {"identity.users"}, "staff were not erased"
    assert await _outside(world, running_system, tmp_path_factory) == {}


async def test_what_is_left_is_whole(world: World, admin: Staff) -> None:
    """The shells, with everything that hangs on them, still count."""
    document = """query($id: ID!) { customer(id: $id) { name version
      interactions { totalCount nodes { id content participants outcome } }
      tasks { totalCount nodes { title description result } } orders { totalCount } } }"""
    for person in world.people[:3]:
        shell = (await admin.ask(document, id=person.id))["customer"]
        assert shell["name"] == "[erased]"
        assert {node["id"] for node in shell["interactions"]["nodes"]} == set(person.interactions)
        nothing: dict[str, Any] = {"content": "[erased]", "participants": [], "outcome": None}
        assert all(nothing.items() <= node.items() for node in shell["interactions"]["nodes"])
        assert shell["tasks"]["totalCount"] == len(person.tasks) + len(person.interactions)
        assert shell["orders"]["totalCount"] == 1


async def test_late_commands_bring_nothing_back(world: World, admin: Staff, running_system: RunningSystem) -> None:
    person, text = world.people[0], world.canaries.text("late")
    late: list[tuple[str, dict[str, Any], str]] = [
        ("updateCustomer", {"id": person.id, "name": text}, "CUSTOMER_ERASED"),
        ("createContact", {"customerId": person.id, "name": text}, "CUSTOMER_ERASED"),
        ("recordInteraction", {"customerId": person.id, "channel": "PHONE", "content": text}, "CUSTOMER_ERASED"),
        ("updateInteraction", {"id": person.interactions[0], "content": text}, "RECORD_ERASED"),
        ("createTask", {"title": text, "customerId": person.id}, "CUSTOMER_ERASED"),
        ("updateTask", {"id": person.tasks[0], "title": text}, "RECORD_ERASED"),
    ]
    for name, given, code in late:
        payload = await admin.do(name, "__typename", **given)
        assert [error["code"] for error in payload["userErrors"]] == [code], name
    stored = await asyncio.to_thread(in_databases, world.canaries, running_system)
    assert stored.keys() == {"identity.users"}


async def _completed(by: Staff, request: str) -> Any:
    async def look() -> Any:
        found = (await by.ask(STATUS, id=request))["subjectRequest"]
        return found if found["status"] == "COMPLETED" else None

    return await eventually(look, seconds=60)
