"""Changes of a list: what enters it, changes in it, and leaves it, live or since a cursor, for one reader."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final, Generic, TypeVar

import strawberry

from rapport_shared.actor import Actor
from rapport_shared.change_log import ChangeLog, Head
from rapport_shared.contracts.subjects import InteractionsSubjectErased, SubjectErasureRequested, TasksSubjectErased
from rapport_shared.errors import BadInput
from rapport_shared.events import Event, stream_of
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.cursors import ChangeCursor, read_cursor, view_digest
from rapport_shared.graphql.field_rights import check_asked
from rapport_shared.graphql.judging import Fact, Move, Told, Verdict, View, fact_of, fold, moved, moves
from rapport_shared.messaging.feed import Change as Published
from rapport_shared.messaging.feed import ChangeFeed, Gap, Stretch
from rapport_shared.mongo.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from rapport_shared.rights import Verb

M = TypeVar("M")
T = TypeVar("T")
ERASURES: Final = (SubjectErasureRequested, InteractionsSubjectErased, TasksSubjectErased)
CATCH_UP: Final = 100
"""How many changes of the log are read at once for a subscriber who has missed some."""


@strawberry.enum(description="What happened to a record, seen from a filtered list of records within reach.")
class ChangeKind(Enum):
    """Kinds of change."""

    ENTER = strawberry.enum_value("ENTER", description="It belongs to the list now.")
    UPDATE = strawberry.enum_value("UPDATE", description="It changed and still belongs to the list.")
    LEAVE = strawberry.enum_value("LEAVE", description="It does not belong to the list any more.")
    RESET = strawberry.enum_value("RESET", description="Nobody can say what was missed: query the list again.")


@strawberry.type(description="A change of a list.")
class Change(Generic[T]):
    """One notice; ``Change[Customer]`` is ``CustomerChange`` in the schema."""

    kind: ChangeKind = strawberry.field(description="What happened.")
    id: strawberry.ID | None = strawberry.field(description="The record; null on RESET.")
    node: T | None = strawberry.field(description="The record as it stands now; null on LEAVE and RESET.")
    changed_fields: list[str] = strawberry.field(description="The names of the fields that changed.")
    cursor: str = strawberry.field(description="Give it as `after` to be told of all that came behind this change.")


@strawberry.type(description="What has changed in a list since a cursor.")
class Changes(Generic[T]):
    """``Changes[Customer]`` is ``CustomerChanges`` in the schema."""

    changes: list[Change[T]] = strawberry.field(description="One for each record, in the order of their last changes.")
    cursor: str = strawberry.field(description="Give it as `after` the next time, to `…Changes` or `…Changed`.")
    has_next_page: bool = strawberry.field(description="Whether more has changed already.")


After = Annotated[
    str | None,
    strawberry.argument(description="Begin behind this cursor: of a change, or of `…Changes`. RESET where it is old."),
]
Since = Annotated[
    str | None,
    strawberry.argument(description="The cursor that you had last; without one, the answer is RESET and a cursor."),
]
First = Annotated[
    int | None, strawberry.argument(description="How many changes to look at: 20 by default, at most 100.")
]


@dataclass(frozen=True, slots=True)
class Hanging(Generic[M]):
    """Records that hang on customers and follow them to their owner, without changing themselves.

    ``events`` tell of it, each as a ``Move``. ``records`` reads what hangs, or once hung, on some customers, by
    customer, whoever's it is; None where it is more than a page: a reader is told to start anew then.
    """

    events: tuple[type[Event], ...]
    move: Callable[[Any], Move]
    records: Callable[[Sequence[str]], Awaitable[Mapping[str, Sequence[M]] | None]]


def handed_over(event: Any) -> Move:
    """What ``….customer.handed_over`` of the services that hear of customers tells."""
    merged: str | None = event.merged_customer_id
    owners = (event.before.owner_id, event.after.owner_id)
    return Move(merged or event.customer_id, *owners, regrouped=merged is not None)


@dataclass(frozen=True, slots=True)
class ChangesOf(Generic[M, T]):
    """The changes of one noun's list: the events ``of`` it, and how its records are read, within reach, and shown."""

    of: tuple[type[Event], ...]
    type_name: str
    find_many: Callable[..., Awaitable[dict[str, M]]]
    to_node: Callable[[M], T]
    hanging: Hanging[M] | None = None

    @property
    def streams(self) -> frozenset[str]:
        """The streams of the log that matter to the list."""
        hanging: tuple[type[Event], ...] = () if self.hanging is None else self.hanging.events
        events: tuple[type[Event], ...] = (*self.of, *ERASURES, *hanging)
        return frozenset(stream_of(event.routing_key) for event in events)


async def live_list(
    feed: ChangeFeed, source: ChangesOf[M, T], *, reader: RequestContext, given: object, after: str | None
) -> AsyncGenerator[Change[T], None]:
    """Follow a list, within the reader's reach and the filter ``given``, from now on or from behind a cursor.

    Who reads is asked again at each event and whenever rights change: the stream ends with Unauthenticated once that
    is not certain any more, with ForbiddenField once the filter goes by a hidden field, and says RESET where the
    reader's rights are others than before, or than they were at the cursor. A record that has moved on since its
    event is left to its next event. Raises BadInput for what is no cursor.
    """
    reading = _Reading(source, reader, given)
    async with feed.subscribe() as notices:
        head = await reading.begin(after)
        if head is None:
            yield reading.reset()
        elif after is not None:
            async with aclosing(reading.missed(head)) as missed:
                async for change in missed:
                    yield change
        async for notice in notices:
            if reading.has_other_rights():
                if isinstance(notice, Published):
                    reading.position = max(reading.position, notice.position)
                yield reading.reset()
            elif isinstance(notice, Gap):
                async with aclosing(reading.missed(await reading.log.head())) as missed:
                    async for change in missed:
                        yield change
            elif isinstance(notice, Published) and notice.position > reading.position:
                stretch = Stretch((notice,), notice.position, more=False)
                for change in await reading.told(stretch):
                    yield change


async def changes_since(
    source: ChangesOf[M, T], *, reader: RequestContext, given: object, after: str | None, first: int | None
) -> Changes[T]:
    """What a list's reader has missed since a cursor; a fixed number of queries. Raises BadInput."""
    size = DEFAULT_PAGE_SIZE if first is None else first
    if not 0 <= size <= MAX_PAGE_SIZE:
        raise BadInput(f"A page has at most {MAX_PAGE_SIZE} changes; {size} were asked for.")
    reading = _Reading(source, reader, given)
    head = None if after is None else await reading.begin(after)
    if head is None:
        if after is None:
            await reading.begin(None)
        return Changes(changes=[reading.reset()], cursor=reading.cursor(), has_next_page=False)
    if size == 0:
        return Changes(changes=[], cursor=reading.cursor(), has_next_page=reading.position < head.position)
    stretch = await reading.stretch(head, size)
    told = await reading.told(stretch)
    return Changes(changes=told, cursor=reading.cursor(), has_next_page=stretch.more)


class _Reading(Generic[M, T]):
    """One reader's way through the log: ``position`` is the last of which all has been told."""

    def __init__(self, source: ChangesOf[M, T], reader: RequestContext, given: object) -> None:
        self._source = source
        self._reader = reader
        self._given = given
        self._by, self._view = self._rights_now()
        self._epoch = ""
        self.position = 0

    @property
    def log(self) -> ChangeLog:
        """The service's log of changes."""
        assert self._reader.changes is not None  # noqa: S101 - every API process has one
        return self._reader.changes

    def has_other_rights(self) -> bool:
        """Whether what has been told is not all that there is, or too much; what follows is told by the new rights."""
        before = self._view
        self._by, self._view = self._rights_now()
        return before != self._view

    async def begin(self, after: str | None) -> Head | None:
        """Stand behind a cursor, or at the end of the log: its head; None where nobody knows what came behind."""
        cursor = None if after is None else read_cursor(after)
        head = await self.log.head()
        self._epoch, self.position = head.epoch, head.position
        if cursor is None:
            return head
        known = (cursor.epoch, cursor.view) == (head.epoch, self._digest())
        if not known or not await self.log.follows(cursor.position, head):
            return None
        self.position = cursor.position
        return head

    async def missed(self, head: Head) -> AsyncGenerator[Change[T], None]:
        """All that comes behind the position, up to the log's head."""
        if self._epoch != head.epoch or not await self.log.follows(self.position, head):
            self._epoch, self.position = head.epoch, head.position
            yield self.reset()
            return
        while self.position < head.position:
            stretch = await self.stretch(head, CATCH_UP)
            if self.has_other_rights():
                self.position = head.position
                yield self.reset()
                return
            for change in await self.told(stretch):
                yield change

    async def stretch(self, head: Head, size: int) -> Stretch:
        """The next changes of the log that matter to the list."""
        return await self.log.read(self.position, until=head.position, limit=size, streams=self._source.streams)

    async def told(self, stretch: Stretch) -> list[Change[T]]:
        """What a stretch of the log means to the reader, who stands at its end then; two queries at most."""
        self.position = stretch.end
        if any(isinstance(change.event, ERASURES) for change in stretch.changes):
            return [self.reset()]  # records have lost their texts without events of their own
        facts = await self._facts(stretch)
        if facts is None:
            return [self.reset()]
        verdicts = fold(facts, stretch.end)
        staying = [told.record for told in verdicts if told.verdict is not Verdict.LEAVE]
        records = await self._source.find_many(staying, by=self._by) if staying else {}
        return [self._change(told, records.get(told.record)) for told in verdicts if _can_be_told(told, records)]

    async def _facts(self, stretch: Stretch) -> list[Fact] | None:
        """What the stretch says of single records; None where too much hangs on customers that it moves."""
        facts = [fact_of(change, self._view) for change in stretch.changes if isinstance(change.event, self._source.of)]
        hanging = self._source.hanging
        if hanging is None:
            return facts
        told = [
            (change, hanging.move(change.event))
            for change in stretch.changes
            if isinstance(change.event, hanging.events)
        ]
        moving = [(change, move) for change, move in told if moves(move, self._view)]
        if not moving:
            return facts
        records = await hanging.records(sorted({move.customer_id for _, move in moving}))
        if records is None:
            return None
        found = (
            moved(change, move, record, self._view)
            for change, move in moving
            for record in records.get(move.customer_id, ())
        )
        return facts + [fact for fact in found if fact is not None]

    def reset(self) -> Change[T]:
        """Start anew, and go on from here."""
        return Change(kind=ChangeKind.RESET, id=None, node=None, changed_fields=[], cursor=self.cursor())

    def cursor(self, position: int | None = None) -> str:
        """The cursor of a position; of the present one where none is given."""
        at = self.position if position is None else position
        return str(ChangeCursor(self._epoch, at, self._digest()))

    def _change(self, told: Told, record: M | None) -> Change[T]:
        return Change(
            kind=ChangeKind[told.verdict.value],
            id=strawberry.ID(told.record),
            node=None if record is None else self._source.to_node(record),
            changed_fields=told.changed,
            cursor=self.cursor(told.position),
        )

    def _rights_now(self) -> tuple[Actor, View]:
        by, policy, type_name = self._reader.actor, self._reader.directory.policy, self._source.type_name
        view = View(policy.scope(by, Verb.READ, type_name), policy.fields(by, type_name), self._given)
        check_asked(view.fields.hidden, given=self._given)
        return by, view

    def _digest(self) -> str:
        return view_digest(self._source.type_name, self._given, self._view.scope, self._view.fields)


def _can_be_told(told: Told, records: dict[str, Any]) -> bool:
    return told.verdict is Verdict.LEAVE or told.record in records
