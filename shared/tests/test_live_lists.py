"""Live lists: what a subscriber is told of each event, and until when."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from access_rows import role_row, user_row
from memory_log import MemoryLog

from rapport_shared.actor import Actor
from rapport_shared.contracts.customers import CustomerCreated, CustomerDeleted, CustomerState, CustomerUpdated
from rapport_shared.contracts.subjects import InteractionsSubjectErased, SubjectErasureRequested, TasksSubjectErased
from rapport_shared.errors import ForbiddenField, Unauthenticated
from rapport_shared.events import Event
from rapport_shared.graphql.changes import Change, ChangeKind, ChangesOf, live_list
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.filters import StringFilter

MINE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_me")
OTHERS = replace(MINE, owner_id="usr_other")
GONE = replace(MINE, deleted=True)
SELLER = Actor("usr_me", "SALES")


def listen(
    log: MemoryLog, context: RequestContext, *, after: str | None = None, given: object = None
) -> AsyncGenerator[Change[str]]:
    async def find_many(identifiers: Sequence[str], *, by: Actor) -> dict[str, str]:
        return {identifier: f"{identifier} read by {by.id}" for identifier in identifiers}

    context.changes = log
    source = ChangesOf((CustomerCreated, CustomerUpdated, CustomerDeleted), "Customer", find_many, str)
    return live_list(log.feed, source, reader=context, given=given, after=after)


async def told(event: Event | None) -> Any:
    """What a seller is told of one event; None where nothing within a moment."""
    log, context = MemoryLog(), RequestContext(caller=SELLER)
    changes = listen(log, context)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    if event is not None:
        log.publish(event)
    log.publish(CustomerUpdated(customer_id="last", changed=(), before=MINE, after=MINE))
    change = await waiting
    await changes.aclose()
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
    log, context = MemoryLog(), RequestContext(caller=replace(SELLER, expires_at=time.time() + 60))
    changes = listen(log, context)
    for expires_in in (60, -1):
        context.caller = replace(SELLER, expires_at=time.time() + expires_in)
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        log.publish(CustomerCreated(customer_id="c", after=MINE))
        if expires_in > 0:
            assert (await waiting).id == "c"
        else:
            with pytest.raises(Unauthenticated):
                await waiting


async def test_a_reader_that_is_too_slow_reads_the_rest_from_the_log() -> None:
    log, context = MemoryLog(), RequestContext(caller=SELLER)
    changes = listen(log, context)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    for number in range(1000):
        log.publish(CustomerCreated(customer_id=f"c{number}", after=MINE))
    told = [await waiting, *[await anext(changes) for _ in range(999)]]
    assert [change.id for change in told] == [f"c{number}" for number in range(1000)]
    await changes.aclose()


def knowing(context: RequestContext, *rows: dict[str, Any]) -> None:
    """As if the bus had told."""
    context.directory._known = context.directory._known.with_rows(rows, now=datetime.now(UTC))


READ_ALL = {"Customer": {"READ": "ALL"}}


@pytest.fixture
def reader() -> RequestContext:
    context = RequestContext(caller=Actor("usr_me", "CAREFUL"))
    knowing(context, role_row("CAREFUL", READ_ALL, {"Customer": {"phone": "MASK"}}))
    return context


async def test_hidden_fields_are_not_said_to_have_changed(reader: RequestContext) -> None:
    log = MemoryLog()
    changes = listen(log, reader)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    log.publish(CustomerUpdated(customer_id="c", changed=("name", "phone"), before=OTHERS, after=OTHERS))
    assert (await waiting).changed_fields == ["name"]
    await changes.aclose()


async def test_other_rights_are_told_once_and_only_where_they_are_others(reader: RequestContext) -> None:
    log = MemoryLog()
    changes = listen(log, reader)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    knowing(reader, user_row("usr_other", "SALES"))
    log.feed.rights_changed()  # somebody else's
    log.publish(CustomerCreated(customer_id="c", after=OTHERS))
    assert (await waiting).id == "c"
    knowing(reader, role_row("CAREFUL", {"Customer": {"READ": "OWN"}}))
    log.feed.rights_changed()
    log.publish(CustomerCreated(customer_id="d", after=OTHERS))
    log.publish(CustomerCreated(customer_id="mine", after=MINE))
    told = [await anext(changes), await anext(changes)]
    assert [(change.kind, change.id) for change in told] == [(ChangeKind.RESET, None), (ChangeKind.ENTER, "mine")]
    knowing(reader, user_row("usr_me", "CAREFUL", active=False))
    log.feed.rights_changed()
    with pytest.raises(Unauthenticated):
        await anext(changes)


@dataclass
class Given:
    """A filter input."""

    phone: StringFilter


async def test_a_stream_is_not_filtered_by_a_hidden_field(reader: RequestContext) -> None:
    with pytest.raises(ForbiddenField):
        await anext(listen(MemoryLog(), reader, given=Given(StringFilter(eq="+8613800001111"))))
