"""What webhooks are told: signed, in order, again where it can heal, and no more than their owner may know."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hook_server import Hook
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from subgraph_client import SubgraphClient

from rapport_automation.deliveries.model import BACK_OFF, PAUSE_AFTER_REFUSALS
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerState, CustomerUpdated
from rapport_shared.contracts.interactions import InteractionRecorded, InteractionState
from rapport_shared.mongo import Mongo

Dispatch = Callable[[], Awaitable[None]]
Happens = Callable[..., Awaitable[str]]
WEBHOOK = "webhook { id version active pausedReason }"
LOG = """query($id: ID!) { webhook(id: $id) { active pausedReason deliveries(orderBy: [{field: EVENT}]) {
  totalCount nodes { id eventId status attempts lastStatus lastError nextAt } } } }"""


def updated(customer: str = "cus_1", owner: str | None = "usr_admin") -> CustomerUpdated:
    state = CustomerState(kind="PERSON", stage="LEAD", owner_id=owner)
    return CustomerUpdated(customer_id=customer, changed=("phone", "stage"), before=state, after=state)


async def create(client: SubgraphClient, hook: Hook, by: Actor, *events: str) -> tuple[str, str]:
    """The id and the secret of a new webhook."""
    given = {"url": hook.url, "events": list(events or ["customers.#"])}
    made = await client.mutate("createWebhook", "webhook { id } secret", given, by=by)
    return made["webhook"]["id"], made["secret"]


async def log(client: SubgraphClient, webhook: str, by: Actor) -> Any:
    return (await client.query(LOG, {"id": webhook}, by=by)).data["webhook"]


def told(hook: Hook) -> list[str]:
    return [headers["webhook-id"] for headers, _ in hook.calls]


async def test_an_event_is_told_with_a_signature_that_the_fields_own_library_verifies(
    client: SubgraphClient, hook: Hook, admin: Actor, happens: Happens, dispatch: Dispatch, clock: ManualClock
) -> None:
    clock.advance(datetime.fromtimestamp(int(time.time()), UTC) - clock())  # the library looks at the time
    webhook, secret = await create(client, hook, admin)
    event = await happens(updated())
    await happens(InteractionRecorded(interaction_id="int_1", after=_interaction()))
    await dispatch()
    ((headers, body),) = hook.calls
    message = Verifier(secret).verify(body, headers)
    assert (message["id"], message["subject"], headers["webhook-id"]) == (event, "cus_1", event)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body + b" ", headers)
    delivery = (await log(client, webhook, admin))["deliveries"]["nodes"]
    assert [(entry["status"], entry["attempts"], entry["lastStatus"]) for entry in delivery] == [("DELIVERED", 1, 204)]


async def test_what_can_heal_is_tried_again_for_a_day_and_then_the_webhook_pauses(
    client: SubgraphClient, hook: Hook, admin: Actor, happens: Happens, dispatch: Dispatch, clock: ManualClock
) -> None:
    webhook, _ = await create(client, hook, admin)
    hook.answers = [503]
    event = await happens(updated())
    started = clock()
    for pause in BACK_OFF:
        await dispatch()
        clock.advance(pause)
    assert timedelta(hours=24) <= clock() - started <= timedelta(hours=25)
    await dispatch()
    assert told(hook) == [event] * (len(BACK_OFF) + 1)
    state = await log(client, webhook, admin)
    assert (state["active"], state["pausedReason"]) == (False, "UNREACHABLE")
    assert [entry["status"] for entry in state["deliveries"]["nodes"]] == ["FAILED"]

    later = await happens(updated("cus_2"))
    await dispatch()
    assert told(hook)[-1] == event
    hook.answers = [200]
    await client.mutate("updateWebhook", WEBHOOK, {"id": webhook, "active": True}, by=admin)
    await dispatch()
    assert told(hook)[-1] == later
    again = await client.mutate("replayWebhook", "events", {"id": webhook, "since": started.isoformat()}, by=admin)
    await dispatch()
    assert (again["events"], sorted(told(hook)[-2:])) == (2, sorted([event, later]))


async def test_events_of_one_record_wait_for_each_other_and_others_do_not(
    client: SubgraphClient, hook: Hook, admin: Actor, happens: Happens, dispatch: Dispatch, clock: ManualClock
) -> None:
    await create(client, hook, admin)
    hook.answers = [500, 200]
    first, second = await happens(updated("cus_1")), await happens(updated("cus_1"), 2)
    await dispatch()
    other = await happens(updated("cus_2"))
    await dispatch()
    assert told(hook) == [first, other]
    clock.advance(BACK_OFF[0])
    await dispatch()
    assert told(hook) == [first, other, first, second]


async def test_a_server_says_when_to_come_again(
    client: SubgraphClient, hook: Hook, admin: Actor, happens: Happens, dispatch: Dispatch, clock: ManualClock
) -> None:
    await create(client, hook, admin)
    hook.answers, hook.headers = [429, 200], {"retry-after": "60"}
    await happens(updated())
    await dispatch()
    for seconds, calls in ((59, 1), (1, 2)):
        clock.advance(timedelta(seconds=seconds))
        await dispatch()
        assert len(hook.calls) == calls


@pytest.mark.parametrize(("status", "events", "reason"), [(410, 1, "GONE"), (404, PAUSE_AFTER_REFUSALS, "REFUSED")])
async def test_who_refuses_is_told_nothing_more(
    client: SubgraphClient,
    hook: Hook,
    admin: Actor,
    happens: Happens,
    dispatch: Dispatch,
    status: int,
    events: int,
    reason: str,
) -> None:
    webhook, _ = await create(client, hook, admin)
    hook.answers = [status]
    for number in range(events):
        assert (await log(client, webhook, admin))["active"]
        await happens(updated(f"cus_{number}"))
        await dispatch()
    assert (await log(client, webhook, admin))["pausedReason"] == reason


async def test_redirects_are_not_followed(
    client: SubgraphClient, hook: Hook, admin: Actor, happens: Happens, dispatch: Dispatch
) -> None:
    webhook, _ = await create(client, hook, admin)
    hook.answers, hook.headers = [307], {"location": hook.url}
    await happens(updated())
    await dispatch()
    delivery = (await log(client, webhook, admin))["deliveries"]["nodes"][0]
    assert (len(hook.calls), delivery["status"], delivery["lastStatus"]) == (1, "FAILED", 307)


async def test_the_owners_rights_decide_when_it_is_told(
    client: SubgraphClient, hook: Hook, mongo: Mongo, integrator: Actor, happens: Happens, dispatch: Dispatch
) -> None:
    role = {"_id": "INTEGRATOR", "kind": "ROLE", "version": 1, "seq": 2, "deleted": False, "label": ""}
    grants = {"Customer": {"READ": "OWN"}, "Webhook": {"READ": "OWN", "CREATE": "OWN"}, "Interaction": {"READ": "OWN"}}
    await mongo.database["access"].insert_one({**role, "grants": grants, "fields": {"Interaction": {"intent": "MASK"}}})
    webhook, _ = await create(client, hook, integrator, "#")
    own = await happens(updated(owner=integrator.id))
    await happens(updated("cus_2", owner="usr_other"))
    said = await happens(InteractionRecorded(interaction_id="int_1", after=_interaction(integrator.id)))
    await dispatch()
    assert told(hook) == [own, said]
    assert orjson.loads(hook.calls[1][1])["data"]["after"]["intent"] is None
    nodes = (await log(client, webhook, integrator))["deliveries"]["nodes"]
    assert [entry["status"] for entry in nodes] == ["DELIVERED", "SKIPPED", "DELIVERED"]
    await mongo.database["access"].update_one({"_id": integrator.id}, {"$set": {"active": False, "seq": 3}})
    await happens(updated(owner=integrator.id), 2)
    await dispatch()
    assert told(hook) == [own, said]


async def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(
    client: SubgraphClient, hook: Hook, admin: Actor, happens: Happens, dispatch: Dispatch, clock: ManualClock
) -> None:
    webhook, old = await create(client, hook, admin)
    new = (await client.mutate("rotateWebhookSecret", "secret", {"id": webhook}, by=admin))["secret"]
    for secrets in ([new, old], [new]):
        await happens(updated())
        await dispatch()
        headers, body = hook.calls[-1]
        expected = [Verifier(secret).sign(headers["webhook-id"], clock(), body.decode()) for secret in secrets]
        assert headers["webhook-signature"].split(" ") == expected
        clock.advance(timedelta(hours=24))


async def test_a_crash_between_the_call_and_its_note_repeats_the_call_with_the_same_id(
    client: SubgraphClient, hook: Hook, mongo: Mongo, admin: Actor, happens: Happens, dispatch: Dispatch
) -> None:
    await create(client, hook, admin)
    event = await happens(updated())
    await dispatch()
    await mongo.database["deliveries"].update_many({}, {"$set": {"status": "PENDING", "attempts": 0}})
    await dispatch()
    assert told(hook) == [event, event]


async def test_webhooks_are_their_owners_and_secrets_are_shown_once(
    client: SubgraphClient, hook: Hook, admin: Actor, integrator: Actor
) -> None:
    seller, program = Actor("usr_seller", "SALES", "ses_3"), integrator
    refused = await client.mutate("createWebhook", "secret", {"url": hook.url, "events": ["#"]}, by=seller)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]
    own, _ = await create(client, hook, program)
    other, _ = await create(client, hook, admin)
    listed = "{ webhooks { nodes { id } totalCount } }"
    assert (await client.query(listed, by=program)).data["webhooks"] == {"nodes": [{"id": own}], "totalCount": 1}
    assert (await client.query(LOG, {"id": other}, by=program)).data["webhook"] is None
    answer = await client.mutate("deleteWebhook", WEBHOOK, {"id": other}, by=program)
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_FOUND"]
    for given, code in (
        ({"url": "http://user@a.example/", "events": ["#"]}, "INVALID_URL"),
        ({"url": hook.url, "events": []}, "INVALID_EVENTS"),
        ({"url": hook.url, "events": ["#"], "description": " "}, "INVALID_DESCRIPTION"),
    ):
        refused = await client.mutate("createWebhook", "secret", given, by=program)
        assert [error["code"] for error in refused["userErrors"]] == [code]
    gone = await client.mutate("deleteWebhook", WEBHOOK, {"id": own, "expectedVersion": 1}, by=program)
    assert (gone["webhook"]["version"], gone["webhook"]["active"]) == (2, False)


def _interaction(owner: str = "usr_admin") -> InteractionState:
    return InteractionState(
        customer_id="cus_1",
        customer_owner_id=owner,
        author_id="usr_admin",
        channel="PHONE",
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        intent="HIGH",
    )
