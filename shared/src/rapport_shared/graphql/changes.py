"""Live changes of a list: what enters it, changes in it, and leaves it, for one subscriber."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from rapport_shared.actor import Actor
from rapport_shared.contracts.subjects import InteractionsSubjectErased, SubjectErasureRequested, TasksSubjectErased
from rapport_shared.events import Event
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.field_rights import check_asked
from rapport_shared.graphql.filters import admits
from rapport_shared.ids import new_event_id
from rapport_shared.messaging.feed import Change as Published
from rapport_shared.messaging.feed import ChangeFeed, Gap
from rapport_shared.mongo import Page
from rapport_shared.rights import FieldRights, Reach, Scope, Verb

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
T = TypeVar("T")
_SCHEMA_NAMES = {"deleted": "deletedAt", "erased": "erasedAt"}
ERASURES = (SubjectErasureRequested, InteractionsSubjectErased, TasksSubjectErased)


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


@dataclass(frozen=True, slots=True)
class Hanging(Generic[M]):
    """Records that hang on customers and follow them to their owner, without changing themselves.

    ``event`` tells of it: its subject is the customer, its states have an ``owner_id``. ``records`` reads those that
    hang on a customer, whoever's they are; past one page of them a subscriber is told to start anew.
    """

    event: type[Event]
    records: Callable[[str], Awaitable[Page[M]]]


@dataclass(frozen=True, slots=True)
class _Rights:
    """What a subscriber may be told, as of one moment."""

    by: Actor
    scope: Scope
    fields: FieldRights

    def differ(self, others: "_Rights") -> bool:
        """Whether what has been told under the others is not all that there is, or too much."""
        return (self.scope, self.fields) != (others.scope, others.fields)


async def live_list(
    feed: ChangeFeed,
    *,
    of: tuple[type[Event], ...],
    reader: RequestContext,
    type_name: str,
    given: object,
    find: Find[M],
    to_node: Callable[[M], T],
    hanging: Hanging[M] | None = None,
) -> AsyncGenerator[Change[T], None]:
    """Follow the events of one aggregate type (``of``), within the reader's reach and the filter ``given``.

    Who reads is asked again at each event and whenever rights change: the stream ends with Unauthenticated once that
    is not certain any more, with ForbiddenField once the filter goes by a hidden field, and says RESET where the
    reader's rights are others than before. A record that has moved on since its event is left to its next event.
    """

    def rights_now() -> _Rights:
        by, policy = reader.actor, reader.directory.policy
        now = _Rights(by, policy.scope(by, Verb.READ, type_name), policy.fields(by, type_name))
        check_asked(now.fields.hidden, given=given)
        return now

    rights = rights_now()
    async with feed.subscribe() as notices:
        async for notice in notices:
            before, rights = rights, rights_now()
            if isinstance(notice, Gap) or rights.differ(before) or _erases(notice):
                yield _reset()
            elif not isinstance(notice, Published):
                continue
            elif isinstance(notice.event, of):
                kind = _kind(notice.event, rights.scope, given)
                record = await find(notice.envelope.subject, by=rights.by) if kind in _WITH_NODE else None
                if kind is ChangeKind.LEAVE or record is not None:
                    node = None if record is None else to_node(record)
                    yield _change(kind, notice, node, _changed_fields(notice.event, rights.fields))
            elif hanging is not None and isinstance(notice.event, hanging.event):
                async for change in _handed_over(notice, hanging, rights.scope, given, to_node):
                    yield change


async def _handed_over(
    notice: Published, hanging: Hanging[M], scope: Scope, given: object, to_node: Callable[[M], T]
) -> AsyncGenerator[Change[T], None]:
    """What comes and goes with a customer that has another owner now."""
    event: Any = notice.event
    owners = (event.before.owner_id, event.after.owner_id)
    if scope.reach in {Reach.ALL, Reach.NONE} or len({owner in scope.owners for owner in owners}) == 1:
        return
    page = await hanging.records(event.subject)
    if page.has_next:
        yield _reset()
        return
    for record in page.items:
        found: Any = record
        after = found.state()
        kind = _kind_between(found.id, replace(after, customer_owner_id=owners[0]), after, scope, given)
        if kind in {ChangeKind.ENTER, ChangeKind.LEAVE}:
            node = to_node(record) if kind is ChangeKind.ENTER else None
            yield _change(kind, notice, node, [], identifier=found.id)


def _erases(notice: object) -> bool:
    """Whether records have lost their texts without events of their own: what a client shows of them has to go."""
    return isinstance(notice, Published) and isinstance(notice.event, ERASURES)


_WITH_NODE = frozenset({ChangeKind.ENTER, ChangeKind.UPDATE})


def _reset() -> Change[Any]:
    return Change(kind=ChangeKind.RESET, id=None, node=None, changed_fields=[], cursor=new_event_id())


def _change(
    kind: ChangeKind | None, notice: Published, node: T | None, changed: list[str], *, identifier: str | None = None
) -> Change[T]:
    assert kind is not None  # noqa: S101 - there is something to tell
    subject = strawberry.ID(identifier or notice.envelope.subject)
    return Change(kind=kind, id=subject, node=node, changed_fields=changed, cursor=notice.envelope.id)


def _changed_fields(event: Event, rights: FieldRights) -> list[str]:
    """The changed fields by their names in the schema: those that the event names, or whose state differs.

    Hidden ones are left out.
    """
    changed = getattr(event, "changed", None)
    if changed is None:
        before, after = getattr(event, "before", None), getattr(event, "after", None)
        changed = [name for name, value in vars(after).items() if getattr(before, name) != value] if before else ()
    names = (_SCHEMA_NAMES.get(name) or to_camel_case(name) for name in changed)
    return [name for name in names if name not in rights.hidden]


def _kind(event: Event, scope: Scope, given: object) -> ChangeKind | None:
    return _kind_between(event.subject, getattr(event, "before", None), getattr(event, "after", None), scope, given)


def _kind_between(subject: str, before: Any, after: Any, scope: Scope, given: object) -> ChangeKind | None:
    def listed(state: Any) -> bool:
        if state is None or getattr(state, "deleted", False):
            return False
        return scope.admits(_Identified(subject, state)) and admits(given, subject, state)

    if listed(after):
        return ChangeKind.UPDATE if listed(before) else ChangeKind.ENTER
    return ChangeKind.LEAVE if listed(before) else None


class _Identified:
    """An event's state together with the id of what it is about, which may make a record somebody's."""

    def __init__(self, subject: str, state: object) -> None:
        self.id = subject
        self._state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)
