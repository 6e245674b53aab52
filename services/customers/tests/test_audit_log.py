"""The audit log as administrators ask for it."""

from datetime import timedelta
from typing import Any

import pytest
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.audit import Chain
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

LOG = """
query($filter: AuditFilter, $first: Int, $after: String, $orderBy: [AuditOrder!]) {
  customersAuditLog(filter: $filter, first: $first, after: $after, orderBy: $orderBy) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor }
    nodes { id at actorId via keyId action type recordId version changed reason correlationId rows sealed } } }"""


async def _make(client: SubgraphClient, by: Actor) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "张三"}, by=by)
    return str(made["customer"]["id"])


async def _log(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    return (await client.query(LOG, given, by=by)).data["customersAuditLog"]


async def test_an_entry_says_all_but_values(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor, clock: ManualClock
) -> None:
    customer = await _make(client, seller)
    clock.advance(timedelta(minutes=1))
    change = {"id": customer, "name": "李四", "externalId": "crm:1", "reason": "typo"}
    await client.mutate("updateCustomer", "customer { id }", change, by=seller)
    (entry,) = (await _log(client, admin, filter={"action": {"eq": "customers.customer.updated"}}))["nodes"]
    assert entry.pop("id").startswith("aud_")
    assert entry.pop("correlationId")
    assert entry == {
        "at": "2026-03-01T09:01:00.000Z",
        "actorId": "usr_seller",
        "via": "USER",
        "keyId": None,
        "action": "customers.customer.updated",
        "type": "customer",
        "recordId": customer,
        "version": 2,
        "changed": ["externalId", "name"],
        "reason": "typo",
        "rows": None,
        "sealed": False,
    }
    await Chain(mongo, clock).seal()
    assert all(entry["sealed"] for entry in (await _log(client, admin))["nodes"])


async def test_entries_are_filtered_and_paged(
    client: SubgraphClient, admin: Actor, seller: Actor, clock: ManualClock
) -> None:
    customers = []
    for by in (admin, seller, seller):
        customers.append(await _make(client, by))
        clock.advance(timedelta(hours=1))

    async def records(given: Any) -> list[str]:
        return [entry["recordId"] for entry in (await _log(client, admin, filter=given))["nodes"]]

    assert await records({"actorId": {"eq": "usr_seller"}}) == customers[:0:-1]
    assert await records({"recordId": {"in": [customers[0]]}}) == customers[:1]
    assert await records({"at": {"gte": "2026-03-01T11:00:00Z"}}) == customers[2:]
    assert await records({"not": {"actorId": {"eq": "usr_seller"}}}) == customers[:1]
    first = await _log(client, admin, first=2, orderBy=[{"field": "AT"}])
    rest = await _log(client, admin, first=2, after=first["pageInfo"]["endCursor"], orderBy=[{"field": "AT"}])
    assert [entry["recordId"] for entry in [*first["nodes"], *rest["nodes"]]] == customers
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (3, True, False)


@pytest.mark.parametrize("role", ["MANAGER", "SALES", "SUPPORT", "MARKETING", "INTEGRATOR", "NOBODY"])
async def test_nobody_else_reads_it(client: SubgraphClient, admin: Actor, role: str) -> None:
    await _make(client, admin)
    answer = await client.query("{ customersAuditLog { totalCount nodes { id } } }", by=Actor("usr_x", role, "ses_1"))
    assert (answer.body["data"], answer.codes) == (None, ["FORBIDDEN"])


async def test_it_is_asked_for_with_a_token_only(client: SubgraphClient) -> None:
    answer = await client.query("{ customersAuditLog { totalCount } }")
    assert answer.codes == ["UNAUTHENTICATED"]
