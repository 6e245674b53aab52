"""Live changes of a list: what enters it, changes in it, and leaves it, for one subscriber."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from rapport_shared.events import Event
from rapport_shared.graphql.filters import admits
from rapport_shared.ids import new_event_id
from rapport_shared.messaging.feed import ChangeFeed, Gap
from rapport_shared.rights import Scope

M = TypeVar("M")
T = TypeVar("T")


@strawberry.enum(description="What happened to a record, seen from a filtered list of records within reach.")
class ChangeKind(Enum):
    """Kinds of change."""

    ENTER = strawberry.enum_value("ENTER", description="It belongs to the list now.")
    UPDATE = strawberry.enum_value("UPDATE", description="It changed and still belongs to the list.")
    LEAVE = strawberry.enum_value("LEAVE", description="It does not belong to the list any more.")
    RESET = strawberry.enum_value("RESET", description="Changes may have been missed: query the list again.")


@dataclass(frozen=True, slots=True)
class ListChange(Generic[M]):
    """One change; ``record`` is None on LEAVE, and ``id`` too on RESET. ``cursor`` is the event's id.

    ``changed_fields`` are names of the schema, such as ``ownerId``.
    """

    kind: ChangeKind
    cursor: str
    id: str | None = None
    record: M | None = None
    changed_fields: tuple[str, ...] = ()


@strawberry.type(description="A live change of a list.")
class Change(Generic[T]):
    """One notice of a subscription; ``Change[Customer]`` is ``CustomerChange`` in the schema."""

    kind: ChangeKind = strawberry.field(description="What happened.")
    id: strawberry.ID | None = strawberry.field(description="The record; null on RESET.")
    node: T | None = strawberry.field(description="The record as it stands now; null on LEAVE and RESET.")
    changed_fields: list[str] = strawberry.field(description="The names of the fields that changed.")
    cursor: str = strawberry.field(description="The position of the change.")


def change_of(change: ListChange[M], to_node: Callable[[M], T]) -> Change[T]:
    """The public form of a change."""
    return Change(
        kind=change.kind,
        id=None if change.id is None else strawberry.ID(change.id),
        node=None if change.record is None else to_node(change.record),
        changed_fields=list(change.changed_fields),
        cursor=change.cursor,
    )


async def list_changes(
    feed: ChangeFeed,
    *,
    of: tuple[type[Event], ...],
    scope: Scope,
    given: object,
    load: Callable[[str], Awaitable[M | None]],
) -> AsyncIterator[ListChange[M]]:
    """Follow the events of one aggregate type (``of``) within ``scope`` and the filter ``given``.

    ``load`` reads a record within reach. A record that has moved on since its event is left to its next event.
    """
    async with feed.subscribe() as notices:
        async for notice in notices:
            if isinstance(notice, Gap):
                yield ListChange(ChangeKind.RESET, new_event_id())
                continue
            if not isinstance(notice.event, of):
                continue
            kind = _kind(notice.event, scope, given)
            if kind is None:
                continue
            subject, cursor = notice.envelope.subject, notice.envelope.id
            record = None if kind is ChangeKind.LEAVE else await load(subject)
            if record is not None or kind is ChangeKind.LEAVE:
                yield ListChange(kind, cursor, subject, record, _changed_fields(notice.event))


def _changed_fields(event: Event) -> tuple[str, ...]:
    """The changed fields by their names in the schema: those that the event names, or whose state differs."""
    changed = getattr(event, "changed", None)
    if changed is None:
        before, after = getattr(event, "before", None), getattr(event, "after", None)
        changed = [name for name, value in vars(after).items() if getattr(before, name) != value] if before else ()
    return tuple(to_camel_case(name) for name in changed)


def _kind(event: Event, scope: Scope, given: object) -> ChangeKind | None:
    def listed(state: Any) -> bool:
        if state is None or getattr(state, "deleted", False):
            return False
        return scope.admits(state) and admits(given, event.subject, state)

    before, after = listed(getattr(event, "before", None)), listed(getattr(event, "after", None))
    if after:
        return ChangeKind.UPDATE if before else ChangeKind.ENTER
    return ChangeKind.LEAVE if before else None
