"""Live changes of a list: what enters it, changes in it, and leaves it, for one subscriber."""

from collections.abc import AsyncGenerator, Callable
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from rapport_shared.actor import Actor
from rapport_shared.events import Event
from rapport_shared.graphql.filters import admits
from rapport_shared.ids import new_event_id
from rapport_shared.messaging.feed import ChangeFeed, Gap
from rapport_shared.rights import Scope

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
T = TypeVar("T")
_SCHEMA_NAMES = {"deleted": "deletedAt"}


@strawberry.enum(description="What happened to a record, seen from a filtered list of records within reach.")
class ChangeKind(Enum):
    """Kinds of change."""

    ENTER = strawberry.enum_value("ENTER", description="It belongs to the list now.")
    UPDATE = strawberry.enum_value("UPDATE", description="It changed and still belongs to the list.")
    LEAVE = strawberry.enum_value("LEAVE", description="It does not belong to the list any more.")
    RESET = strawberry.enum_value("RESET", description="Changes may have been missed: query the list again.")


@strawberry.type(description="A live change of a list.")
class Change(Generic[T]):
    """One notice of a subscription; ``Change[Customer]`` is ``CustomerChange`` in the schema."""

    kind: ChangeKind = strawberry.field(description="What happened.")
    id: strawberry.ID | None = strawberry.field(description="The record; null on RESET.")
    node: T | None = strawberry.field(description="The record as it stands now; null on LEAVE and RESET.")
    changed_fields: list[str] = strawberry.field(description="The names of the fields that changed.")
    cursor: str = strawberry.field(description="The position of the change.")


class Find(Protocol[M_co]):
    """A use case that reads one record within reach."""

    async def __call__(self, identifier: str, /, *, by: Actor) -> M_co | None:
        """The record, or None."""


async def live_list(
    feed: ChangeFeed,
    *,
    of: tuple[type[Event], ...],
    reader: Callable[[], Actor],
    scope: Callable[[Actor], Scope],
    given: object,
    find: Find[M],
    to_node: Callable[[M], T],
) -> AsyncGenerator[Change[T], None]:
    """Follow the events of one aggregate type (``of``), within the reader's reach and the filter ``given``.

    ``reader`` is asked at each event who reads, and raises once that is not certain any more. A record that has moved
    on since its event is left to its next event.
    """
    async with feed.subscribe() as notices:
        async for notice in notices:
            by = reader()
            if isinstance(notice, Gap):
                yield Change(kind=ChangeKind.RESET, id=None, node=None, changed_fields=[], cursor=new_event_id())
            elif isinstance(notice.event, of) and (kind := _kind(notice.event, scope(by), given)) is not None:
                subject = notice.envelope.subject
                record = None if kind is ChangeKind.LEAVE else await find(subject, by=by)
                if record is not None or kind is ChangeKind.LEAVE:
                    yield Change(
                        kind=kind,
                        id=strawberry.ID(subject),
                        node=None if record is None else to_node(record),
                        changed_fields=_changed_fields(notice.event),
                        cursor=notice.envelope.id,
                    )


def _changed_fields(event: Event) -> list[str]:
    """The changed fields by their names in the schema: those that the event names, or whose state differs."""
    changed = getattr(event, "changed", None)
    if changed is None:
        before, after = getattr(event, "before", None), getattr(event, "after", None)
        changed = [name for name, value in vars(after).items() if getattr(before, name) != value] if before else ()
    return [_SCHEMA_NAMES.get(name) or to_camel_case(name) for name in changed]


def _kind(event: Event, scope: Scope, given: object) -> ChangeKind | None:
    def listed(state: Any) -> bool:
        if state is None or getattr(state, "deleted", False):
            return False
        return scope.admits(state) and admits(given, event.subject, state)

    before, after = listed(getattr(event, "before", None)), listed(getattr(event, "after", None))
    if after:
        return ChangeKind.UPDATE if before else ChangeKind.ENTER
    return ChangeKind.LEAVE if before else None
