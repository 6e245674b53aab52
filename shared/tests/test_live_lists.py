"""Live lists: what a subscriber is told of each event, and until when."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rapport_shared.actor import Actor
from rapport_shared.contracts.customers import CustomerCreated, CustomerDeleted, CustomerState, CustomerUpdated
from rapport_shared.contracts.subjects import InteractionsSubjectErased, SubjectErasureRequested, TasksSubjectErased
from rapport_shared.errors import Unauthenticated
from rapport_shared.events import Envelope, Event, encode
from rapport_shared.graphql.changes import Change, ChangeKind, live_list
from rapport_shared.graphql.context import RequestContext
from rapport_shared.messaging import ChangeFeed

MINE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_me")
OTHERS = replace(MINE, owner_id="usr_other")
GONE = replace(MINE, deleted=True)
SELLER = Actor("usr_me", "SALES")


async def listen(feed: ChangeFeed, context: RequestContext) -> AsyncIterator[Change[str]]:
    async def find(identifier: str, /, *, by: Actor) -> str | None:
        return f"{identifier} read by {by.id}"

    return live_list(
        feed,
        of=(CustomerCreated, CustomerUpdated, CustomerDeleted),
        reader=context,
        type_name="Customer",
        given=None,
        find=find,
        to_node=str,
    )


def publish(feed: ChangeFeed, event: Event) -> None:
    envelope = Envelope(
        id="e1",
        routing_key=event.routing_key,
        source="/test",
        subject=event.subject,
        time=datetime.now(UTC),
        version=1,
        actor="usr_x",
        correlation_id="c",
    )
    feed._publish(encode(envelope, event))


async def told(event: Event | None) -> Any:
    """What a seller is told of one event; None where nothing within a moment."""
    feed, context = ChangeFeed("customers"), RequestContext(caller=SELLER)
    changes = await listen(feed, context)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    if event is not None:
        publish(feed, event)
    publish(feed, CustomerUpdated(customer_id="last", changed=(), before=MINE, after=MINE))
    change = await waiting
    await changes.aclose()  # type: ignore[attr-defined]
    return None if change.id == "last" else (change.kind.value, change.id, change.node, change.changed_fields)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (CustomerCreated(customer_id="c", after=MINE), ("ENTER", "c", "c read by usr_me", [])),
        (CustomerCreated(customer_id="c", after=OTHERS), None),
        (
            CustomerUpdated(customer_id="c", changed=("owner_id",), before=OTHERS, after=MINE),
            ("ENTER", "c", "c read by usr_me", ["ownerId"]),
        ),
        (
            CustomerUpdated(customer_id="c", changed=("owner_id",), before=MINE, after=OTHERS),
            ("LEAVE", "c", None, ["ownerId"]),
        ),
        (CustomerUpdated(customer_id="c", changed=("name",), before=OTHERS, after=OTHERS), None),
        (CustomerDeleted(customer_id="c", before=MINE, after=GONE), ("LEAVE", "c", None, ["deletedAt"])),
    ],
)
async def test_what_a_seller_is_told(event: Event, expected: Any) -> None:
    assert await told(event) == expected


@pytest.mark.parametrize(
    "event",
    [
        InteractionsSubjectErased(request_id="r", customer_id="c", records=1, at=datetime(2026, 3, 1, tzinfo=UTC)),
        TasksSubjectErased(request_id="r", customer_id="c", records=1, at=datetime(2026, 3, 1, tzinfo=UTC)),
        SubjectErasureRequested(request_id="r", customer_id="c"),
    ],
)
async def test_what_was_erased_does_not_stay_on_the_screen(event: Event) -> None:
    assert await told(event) == ("RESET", None, None, [])


async def test_nothing_is_told_once_the_token_has_expired() -> None:
    feed, context = ChangeFeed("customers"), RequestContext(caller=replace(SELLER, expires_at=time.time() + 60))
    changes = await listen(feed, context)
    for expires_in in (60, -1):
        context.caller = replace(SELLER, expires_at=time.time() + expires_in)
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        publish(feed, CustomerCreated(customer_id="c", after=MINE))
        if expires_in > 0:
            assert (await waiting).id == "c"
        else:
            with pytest.raises(Unauthenticated):
                await waiting


async def test_a_reader_that_is_too_slow_is_told_to_start_anew() -> None:
    feed, context = ChangeFeed("customers"), RequestContext(caller=SELLER)
    changes = await listen(feed, context)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    for _ in range(1000):
        publish(feed, CustomerCreated(customer_id="c", after=MINE))
    kinds = [(await waiting).kind, *[(await anext(changes)).kind for _ in range(2)]]
    assert ChangeKind.RESET in kinds
    await changes.aclose()  # type: ignore[attr-defined]
