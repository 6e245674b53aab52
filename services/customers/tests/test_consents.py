"""Consent, purpose by purpose: who may record it, what is kept of it, and what others hear."""

from datetime import timedelta
from typing import Any

import pytest
from subgraph_client import SubgraphClient

from rapport_customers.consents.model import ConsentPurpose
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerConsentGranted, CustomerConsentWithdrawn
from rapport_shared.events import decode
from rapport_shared.mongo import Mongo

CONSENTS = "customer { version consents { purpose granted at source evidence recordedById } }"


async def _make(client: SubgraphClient, by: Actor) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "张三"}, by=by)
    return str(made["customer"]["id"])


async def _say(client: SubgraphClient, by: Actor, verb: str, customer: str, **given: Any) -> Any:
    word = {"customerId": customer, "purpose": "MARKETING_EMAIL", "source": "form 7", **given}
    return await client.mutate(f"{verb}Consent", CONSENTS, word, by=by)


async def test_the_last_word_on_each_purpose_is_kept(client: SubgraphClient, seller: Actor, clock: ManualClock) -> None:
    customer = await _make(client, seller)
    await _say(client, seller, "grant", customer, evidence="scan 12")
    await _say(client, seller, "grant", customer, purpose="PROFILING")
    clock.advance(timedelta(days=1))
    answer = await _say(client, seller, "withdraw", customer, source="unsubscribe link")
    assert answer["userErrors"] == []
    assert answer["customer"]["consents"] == [
        {
            "purpose": "MARKETING_EMAIL",
            "granted": False,
            "at": "2026-03-02T09:00:00.000Z",
            "source": "unsubscribe link",
            "evidence": None,
            "recordedById": "usr_seller",
        },
        {
            "purpose": "PROFILING",
            "granted": True,
            "at": "2026-03-01T09:00:00.000Z",
            "source": "form 7",
            "evidence": None,
            "recordedById": "usr_seller",
        },
    ]
    history = "query($id: ID!) { customer(id: $id) { history { nodes { action changes { field } } } } }"
    entries = (await client.query(history, {"id": customer}, by=seller)).data["customer"]["history"]["nodes"]
    assert [entry["action"] for entry in entries[:3]] == ["consent_withdrawn", "consent_granted", "consent_granted"]
    assert entries[0]["changes"] == [{"field": "consents"}]


async def test_an_older_word_does_not_undo_a_newer_one(
    client: SubgraphClient, admin: Actor, clock: ManualClock
) -> None:
    customer = await _make(client, admin)
    await _say(client, admin, "withdraw", customer)
    clock.advance(timedelta(hours=1))
    late = await _say(client, admin, "grant", customer, occurredAt="2026-03-01T08:00:00Z")
    assert late == {"customer": None, "userErrors": [{"code": "CONSENT_SUPERSEDED", "path": ["input", "occurredAt"]}]}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"source": ""}, "INVALID_EVIDENCE", "source"),
        ({"evidence": "x" * 501}, "INVALID_EVIDENCE", "evidence"),
        ({"occurredAt": "2026-03-01T09:00:01Z"}, "INVALID_OCCURRED_AT", "occurredAt"),
        ({"expectedVersion": 7}, "VERSION_CONFLICT", "expectedVersion"),
        ({"customerId": "cus_nobody"}, "NOT_FOUND", "id"),
    ],
)
async def test_bad_input_changes_nothing(
    client: SubgraphClient, mongo: Mongo, admin: Actor, given: dict[str, Any], code: str, field: str
) -> None:
    customer = await _make(client, admin)
    answer = await _say(client, admin, "grant", customer, **given)
    assert answer["userErrors"] == [{"code": code, "path": ["input", field]}]
    assert await mongo.database["outbox"].count_documents({}) == 1


async def test_nobody_records_consents_of_customers_out_of_reach(
    client: SubgraphClient, admin: Actor, seller: Actor
) -> None:
    customer = await _make(client, admin)
    answer = await _say(client, seller, "grant", customer)
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_FOUND"]


async def test_customers_are_found_by_what_they_agree_to(client: SubgraphClient, admin: Actor) -> None:
    agrees, withdrew, silent = [await _make(client, admin) for _ in range(3)]
    await _say(client, admin, "grant", agrees)
    await _say(client, admin, "grant", withdrew)
    await _say(client, admin, "withdraw", withdrew)
    document = "query($filter: CustomerFilter) { customers(filter: $filter) { totalCount nodes { id } } }"

    async def found(condition: Any) -> set[str]:
        answer = await client.query(document, {"filter": condition}, by=admin)
        return {node["id"] for node in answer.data["customers"]["nodes"]}

    agreeing = {"consentedTo": {"eq": "MARKETING_EMAIL"}}
    assert await found(agreeing) == {agrees}
    assert await found({"not": agreeing}) == {withdrew, silent}
    assert await found({"consentedTo": {"in": ["MARKETING_SMS", "MARKETING_EMAIL"]}}) == {agrees}


async def test_events_say_on_what_but_not_where_or_with_which_proof(
    client: SubgraphClient, mongo: Mongo, admin: Actor
) -> None:
    customer = await _make(client, admin)
    for verb in ("grant", "withdraw"):
        await _say(client, admin, verb, customer, source="secret-source", evidence="secret-evidence")
    rows = await mongo.database["outbox"].find().sort("_id", 1).to_list(None)
    events = [decode(bytes(row["body"]))[1] for row in rows[1:]]
    assert [type(event) for event in events] == [CustomerConsentGranted, CustomerConsentWithdrawn]
    assert {event.purpose for event in events if hasattr(event, "purpose")} == {ConsentPurpose.MARKETING_EMAIL.value}
    assert all(b"secret" not in bytes(row["body"]) for row in rows)
