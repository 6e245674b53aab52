"""What a stretch of the log means for one reader of a filtered list; no I/O.

A change of one record is a fact: whether the record belonged to the list before, and whether it did afterwards. The
facts of a stretch are folded into one verdict for each record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from strawberry.utils.str_converters import to_camel_case

from rapport_shared.events import Event
from rapport_shared.graphql.field_rights import asked
from rapport_shared.graphql.filters import admits
from rapport_shared.messaging.feed import Change as Published
from rapport_shared.rights import FieldRights, Reach, Scope

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""How far apart the clocks of a service's processes may be."""
_SCHEMA_NAMES = {"deleted": "deletedAt", "erased": "erasedAt"}


class Verdict(Enum):
    """What became of a record, seen from the list."""

    ENTER = "ENTER"
    UPDATE = "UPDATE"
    LEAVE = "LEAVE"


@dataclass(frozen=True, slots=True)
class View:
    """What a reader may be told, as of one moment, and the filter that the list was asked with."""

    scope: Scope
    fields: FieldRights
    given: object

    def lists(self, subject: str, state: Any) -> bool:
        """Whether a record in this state belongs to the list."""
        if state is None or getattr(state, "deleted", False):
            return False
        return self.reaches(subject, state) and admits(self.given, subject, state)

    def reaches(self, subject: str, state: Any) -> bool:
        """Whether a record in this state is within reach."""
        return self.scope.admits(_Identified(subject, state))


@dataclass(frozen=True, slots=True)
class Move:
    """What hung on a customer follows another owner: the customer's new one, or whoever owns the one that it was
    found to be; ``regrouped``: it hangs on another customer by a merge, or by its undoing.
    """

    customer_id: str
    before: str | None
    after: str | None
    regrouped: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One change of one record, at a position of the log."""

    position: int
    record: str
    was: bool
    now: bool
    changed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict on a record; a reader who has been told this knows all up to ``position``."""

    verdict: Verdict
    record: str
    changed: list[str]
    position: int


@dataclass(slots=True)
class _Span:
    first: Fact
    last: Fact
    seen: bool = False
    changed: dict[str, None] = field(default_factory=dict)


def fact_of(change: Published, view: View) -> Fact:
    """What an event of the record itself says."""
    event: Any = change.event
    before, after = getattr(event, "before", None), getattr(event, "after", None)
    was, now = view.lists(event.subject, before), view.lists(event.subject, after)
    return Fact(change.position, event.subject, was, now, changed_fields(change.event, view.fields))


def moves(move: Move, view: View) -> bool:
    """Whether what hangs on a customer may come or go by the move, for a reader with this reach and filter."""
    if view.scope.reach is Reach.NONE:
        return False
    if move.regrouped and "customerId" in asked(view.given):
        return True
    if view.scope.reach is Reach.ALL:
        return False
    return (move.before in view.scope.owners) != (move.after in view.scope.owners)


def moved(change: Published, move: Move, record: Any, view: View) -> Fact | None:
    """What the move means for a record that hung on the customer at some time; None for one that was made afterwards.

    Of the record only its present state is known, and it may have moved again: whether it belongs to the list is
    judged by the present. One that does not is said to have left, whether or not the filter let it in before.
    """
    if record.created_at > change.envelope.time + CLOCKS_DIFFER:
        return None
    state = record.state()
    was, is_now = (
        view.reaches(record.id, replace(state, customer_owner_id=owner)) for owner in (move.before, move.after)
    )
    if was == is_now and not move.regrouped:
        return None
    listed = view.lists(record.id, state)
    return Fact(change.position, record.id, was or (is_now and not listed), listed)


def fold(facts: Iterable[Fact], end: int) -> list[Told]:
    """One verdict for each record that belonged to the list at some time, in the order of the last changes.

    A verdict's position is where a reader who hears nothing after it can go on: in front of the first change of
    whatever comes after it, and ``end`` where nothing does.
    """
    spans: dict[str, _Span] = {}
    for fact in sorted(facts, key=lambda fact: fact.position):
        span = spans.setdefault(fact.record, _Span(fact, fact))
        span.last = fact
        span.seen = span.seen or fact.was or fact.now
        span.changed.update(dict.fromkeys(fact.changed))
    ordered = sorted((span for span in spans.values() if span.seen), key=lambda span: span.last.position)
    told: list[Told] = []
    reached = end
    for span in reversed(ordered):
        told.append(Told(_verdict(span), span.last.record, list(span.changed), reached))
        reached = min(reached, span.first.position - 1)
    return told[::-1]


def _verdict(span: _Span) -> Verdict:
    if not span.last.now:
        return Verdict.LEAVE
    return Verdict.UPDATE if span.first.was else Verdict.ENTER


def changed_fields(event: Event, rights: FieldRights) -> list[str]:
    """The changed fields by their names in the schema: those that the event names, or whose state differs.

    Hidden ones are left out.
    """
    changed = getattr(event, "changed", None)
    if changed is None:
        before, after = getattr(event, "before", None), getattr(event, "after", None)
        changed = [name for name, value in vars(after).items() if getattr(before, name) != value] if before else ()
    names = (_SCHEMA_NAMES.get(name) or to_camel_case(name) for name in changed)
    return [name for name in names if name not in rights.hidden]


class _Identified:
    """An event's state together with the id of what it is about, which may make a record somebody's."""

    def __init__(self, subject: str, state: object) -> None:
        self.id = subject
        self._state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)
