"""The history of a customer: what it says, who may read what of it, and the past that it gives back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from access_rows import role_row
from database_calls import commands
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from subgraph_client import SubgraphClient

from rapport_customers.app import customer_service
from rapport_customers.customers.service import CustomerService
from rapport_customers.customers.tag_times import NO_TIMES
from rapport_customers.history.model import ReasonPolicy, ReasonRequired
from rapport_customers.settings import Settings
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.explanation import explained
from rapport_shared.mongo import Mongo

ENTRIES = """
query($id: ID!, $filter: CustomerHistoryFilter) { customer(id: $id) { history(filter: $filter) { totalCount nodes {
  version action at occurredAt late byId by { id } via reason changes { field before after masked } } } } }"""
LATE = "{ lateCustomerChanges { totalCount nodes { customerId version late } } }"


async def _make(client: SubgraphClient, by: Actor, **given: Any) -> str:
    fields = {"kind": "PERSON", "name": "张三", "phone": "13812345678", **given}
    made = await client.mutate("createCustomer", "customer { id }", fields, by=by)
    return str(made["customer"]["id"])


async def _change(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    return await client.mutate("updateCustomer", "customer { version }", given, by=by)


async def _entries(client: SubgraphClient, by: Actor, identifier: str, **given: Any) -> Any:
    answer = await client.query(ENTRIES, {"id": identifier, "filter": given or None}, by=by)
    return answer.data["customer"]["history"]["nodes"]


async def test_an_entry_says_what_who_when_and_why(client: SubgraphClient, admin: Actor, clock: ManualClock) -> None:
    identifier = await _make(client, admin)
    clock.advance(timedelta(hours=30))
    happened = "2026-03-01T10:00:00.000Z"
    await _change(client, admin, id=identifier, name="李四", tags=["VIP"], occurredAt=happened, reason="她改了名")
    updated, created = await _entries(client, admin, identifier)
    assert updated == {
        "version": 2,
        "action": "updated",
        "at": "2026-03-02T15:00:00.000Z",
        "occurredAt": happened,
        "late": True,
        "byId": "usr_admin",
        "by": {"id": "usr_admin"},
        "via": "USER",
        "reason": "她改了名",
        "changes": [
            {"field": "name", "before": "张三", "after": "李四", "masked": False},
            {"field": "tags", "before": [], "after": ["VIP"], "masked": False},
        ],
    }
    assert (created["action"], created["reason"], created["late"]) == ("created", None, False)
    assert {"field": "phone", "before": None, "after": "+8613812345678", "masked": False} in created["changes"]


async def test_every_kind_of_change_has_an_entry(client: SubgraphClient, admin: Actor) -> None:
    identifier = await _make(client, admin)
    await client.mutate("deleteCustomer", "customer { id }", {"id": identifier}, by=admin)
    await client.mutate("restoreCustomer", "customer { id }", {"id": identifier}, by=admin)
    entries = await _entries(client, admin, identifier)
    assert sorted(entry["action"] for entry in entries) == ["created", "deleted", "restored"]
    assert len(await _entries(client, admin, identifier, action={"eq": "deleted"})) == 1


async def test_what_changes_nothing_or_fails_leaves_no_entry(client: SubgraphClient, admin: Actor) -> None:
    identifier = await _make(client, admin)
    await _change(client, admin, id=identifier, name="张三")
    await _change(client, admin, id=identifier, name="李四", phone="12")
    assert len(await _entries(client, admin, identifier)) == 1


async def test_what_happened_cannot_lie_in_the_future(client: SubgraphClient, admin: Actor) -> None:
    identifier = await _make(client, admin)
    answer = await _change(client, admin, id=identifier, name="李四", occurredAt="2026-03-01T09:00:00.001Z")
    assert answer["userErrors"] == [{"code": "INVALID_OCCURRED_AT", "path": ["input", "occurredAt"]}]
    assert len(await _entries(client, admin, identifier)) == 1


async def test_a_seller_reads_the_history_of_own_customers_only(
    client: SubgraphClient, admin: Actor, seller: Actor, clock: ManualClock
) -> None:
    own = await _make(client, seller)
    other = await _make(client, admin)
    clock.advance(timedelta(days=3))
    for by, identifier in ((seller, own), (admin, other)):
        await _change(client, by, id=identifier, name="李四", occurredAt="2026-03-01T09:00:00Z")
    assert (await client.query(ENTRIES, {"id": other}, by=seller)).data == {"customer": None}
    late = (await client.query(LATE, by=seller)).data["lateCustomerChanges"]
    assert late == {"totalCount": 1, "nodes": [{"customerId": own, "version": 2, "late": True}]}
    everybodys = (await client.query(LATE, by=admin)).data["lateCustomerChanges"]
    assert {node["customerId"] for node in everybodys["nodes"]} == {own, other}


@pytest.mark.parametrize(("hours", "late"), [(24, False), (24.001, True)])
async def test_late_is_more_than_a_day(
    client: SubgraphClient, admin: Actor, clock: ManualClock, hours: float, late: bool
) -> None:
    identifier = await _make(client, admin)
    clock.advance(timedelta(hours=hours))
    await _change(client, admin, id=identifier, name="李四", occurredAt="2026-03-01T09:00:00Z")
    assert (await _entries(client, admin, identifier))[0]["late"] is late


async def test_a_page_of_histories_costs_one_query(client: SubgraphClient, admin: Actor) -> None:
    for _ in range(5):
        await _make(client, admin)
    document = "query($n: Int!) { customers(first: $n) { nodes { history { nodes { version } } } } }"

    async def cost(size: int) -> int:
        before = commands()
        found = (await client.query(document, {"n": size}, by=admin)).data["customers"]["nodes"]
        assert len(found) == size
        return commands() - before

    assert await cost(5) == await cost(1)


async def test_a_hidden_field_is_hidden_in_the_past_too(
    client: SubgraphClient, mongo: Mongo, admin: Actor, support: Actor, clock: ManualClock
) -> None:
    grants = {"Customer": {"READ": "ALL"}}
    await mongo.database["access"].insert_one(role_row("SUPPORT", grants, {"Customer": {"phone": "MASK"}}))
    identifier = await _make(client, admin)
    clock.advance(timedelta(days=2))
    await _change(client, admin, id=identifier, phone="13912345678", occurredAt="2026-03-01T09:00:00Z")
    hidden = {"field": "phone", "before": None, "after": None, "masked": True}
    updated, created = await _entries(client, support, identifier)
    assert updated["changes"] == [hidden]
    assert hidden in created["changes"]
    late = "{ lateCustomerChanges { nodes { changes { field before after masked } } } }"
    answer = await client.query(late, by=support)
    assert answer.data["lateCustomerChanges"]["nodes"] == [{"changes": [hidden]}]


async def test_fields_that_ask_for_a_reason_do_not_change_without(
    mongo: Mongo, clock: ManualClock, admin: Actor
) -> None:
    service = customer_service(mongo, clock, reasons=ReasonPolicy(frozenset({"stage", "deletedAt"})))
    made = await service.create({"kind": "PERSON", "name": "张三"}, by=admin)
    with pytest.raises(ReasonRequired) as raised:
        await service.update(made.id, {"stage": "LOST", "name": "李四"}, expected_version=None, by=admin)
    assert (raised.value.code, raised.value.path) == ("REASON_REQUIRED", ("input", "reason"))
    with pytest.raises(ReasonRequired):
        await service.delete(made.id, expected_version=None, by=admin)
    unchanged = await service.find(made.id, by=admin)
    assert unchanged is not None
    assert (unchanged.version, unchanged.name) == (1, "张三")
    await service.update(made.id, {"name": "李四", "stage": "LEAD"}, expected_version=None, by=admin)
    with explained("out of business"):
        await service.update(made.id, {"stage": "LOST"}, expected_version=None, by=admin)
        gone = await service.delete(made.id, expected_version=None, by=admin)
    assert gone.version == 4


def test_the_setting_names_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_CUSTOMERS_REASON_REQUIRED", "stage, ownerId")
    assert Settings().reason_required == {"stage", "ownerId"}
    monkeypatch.setenv("RAPPORT_CUSTOMERS_REASON_REQUIRED", "stage,nickname")
    with pytest.raises(ValueError, match="nickname: no field"):
        Settings()


@pytest.mark.parametrize("reason", ["x" * 501, "\u0007"])
async def test_a_reason_that_cannot_be_stored_is_refused(client: SubgraphClient, admin: Actor, reason: str) -> None:
    identifier = await _make(client, admin)
    answer = await _change(client, admin, id=identifier, name="李四", reason=reason)
    assert answer["userErrors"] == [{"code": "INVALID_REASON", "path": ["input", "reason"]}]
    assert len(await _entries(client, admin, identifier)) == 1


CHANGES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["张三", "李四", "王五"]),
                "phone": st.sampled_from([None, "+8613812345678", "+8613912345678"]),
                "stage": st.sampled_from(["LEAD", "OPPORTUNITY", "LOST"]),
                "tags": st.sampled_from([[], ["VIP"], ["VIP", "老客户"]]),
            },
        ),
        st.sampled_from(["delete", "restore", "wait"]),
    ),
    max_size=8,
)


@given(changes=CHANGES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_as_of_gives_back_what_there_was(
    service: CustomerService, clock: ManualClock, admin: Actor, changes: list[Any]
) -> None:
    customer = await service.create({"kind": "PERSON", "name": "张三"}, by=admin)
    there_was = [(clock(), customer)]
    for change in changes:
        clock.advance(timedelta(minutes=1))
        gone = customer.deleted_at is not None
        if change == "delete" and not gone:
            customer = await service.delete(customer.id, expected_version=None, by=admin)
        elif change == "restore":
            customer = await service.restore(customer.id, expected_version=None, by=admin)
        elif isinstance(change, dict) and not gone:
            customer = await service.update(customer.id, change, expected_version=None, by=admin)
        there_was.append((clock(), customer))
    for at, was in there_was:
        found = await service.history.as_of(customer.id, at + timedelta(seconds=30), by=admin)
        untold = replace(was, tag_times=NO_TIMES)  # since when it had its tags, the history does not say
        assert found == (None if was.deleted_at is not None else untold)
    before = there_was[0][0] - timedelta(seconds=1)
    assert await service.history.as_of(customer.id, before, by=admin) is None


async def test_as_of_reaches_no_further_than_now(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    identifier = await _make(client, admin)
    document = "query($id: ID!, $at: DateTime!) { customerAsOf(id: $id, at: $at) { name version } }"
    asked = {"id": identifier, "at": datetime(2026, 3, 2, tzinfo=UTC).isoformat()}
    assert (await client.query(document, asked, by=seller)).data == {"customerAsOf": None}
    assert (await client.query(document, asked, by=admin)).data == {"customerAsOf": {"name": "张三", "version": 1}}
