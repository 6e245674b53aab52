"""Follow-ups: the task that a communication asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rapport_shared.actor import SYSTEM
from rapport_shared.contracts.interactions import (
    InteractionDeleted,
    InteractionRecorded,
    InteractionState,
    InteractionUpdated,
)
from rapport_shared.events import Envelope
from rapport_shared.ids import new_id
from rapport_shared.mongo import Projection
from rapport_tasks.tasks.model import Task
from rapport_tasks.tasks.service import ID_PREFIX
from rapport_tasks.work import TasksWork

InteractionEvent = InteractionRecorded | InteractionUpdated | InteractionDeleted


@dataclass(frozen=True, slots=True)
class Wish:
    """What a communication asks for as of one of its versions; ``due_at`` is None for no follow-up."""

    version: int
    due_at: datetime | None

    @classmethod
    def of(cls, state: InteractionState, version: int) -> "Wish":
        """A communication that was taken off the record asks for nothing."""
        return cls(version, None if state.deleted else state.next_follow_up_at)

    def supersedes(self, known: "Wish | None") -> bool:
        """Whether this is news: events may come again, and late ones after newer ones."""
        return known is None or self.version > known.version


def follow(
    task: Task | None, known: Wish | None, wish: Wish, make: Callable[[], Task], *, now: datetime
) -> Task | None:
    """The follow-up task as ``wish`` asks for it, or None where there is nothing to do.

    ``known`` is the wish that was followed last. A wish for the same time changes nothing, so that what people did
    with the task since then (moved, cancelled or finished it) stays when something else of the communication changes.
    """
    if not wish.supersedes(known) or wish.due_at == (known.due_at if known else None):
        return None
    if task is None:
        return None if wish.due_at is None else make()
    task.follow(wish.due_at, now=now)
    return task


async def keep_follow_up(work: TasksWork, event: InteractionEvent, envelope: Envelope) -> None:
    """Do what the event asks for; nothing where it comes again or late."""
    identifier, wish = event.interaction_id, Wish.of(event.after, envelope.version)
    row = await work.interactions.find(identifier)
    known = None if row is None else Wish(row["version"], row["follow_up_at"])
    if not await work.interactions.apply(identifier, wish.version, {"follow_up_at": wish.due_at}):
        return
    if wish.due_at == (known.due_at if known else None):
        return
    task = await work.tasks.find_follow_up(identifier)
    owner_id = None
    if task is None and wish.due_at is not None:
        asked = event.after
        customer = await work.customers.hold(asked.customer_id, owner_if_unknown=asked.customer_owner_id)
        owner_id = customer.owner_id

    def make() -> Task:
        return Task.follow_up(new_id(ID_PREFIX), identifier, event.after, owner_id=owner_id, now=work.clock())

    changed = follow(task, known, wish, make, now=work.clock())
    if changed is not None:
        await work.tasks.save(changed, by=SYSTEM)


async def confirm_follow_up(known: Projection, event: InteractionEvent, envelope: Envelope) -> bool:
    """Whether the event asks for no other follow-up than is known; what it asks for is kept then."""
    identifier, wish = event.interaction_id, Wish.of(event.after, envelope.version)
    values = {"follow_up_at": wish.due_at}
    if wish.due_at is None and isinstance(event, InteractionRecorded):
        return await known.begin(identifier, wish.version, values)
    return await known.confirm(identifier, wish.version, values)
