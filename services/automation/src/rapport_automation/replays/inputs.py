"""The inputs of replays."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_automation.replays.model import ReplayStatus
from rapport_shared.graphql.filters import Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every

Status = strawberry.enum(ReplayStatus, name="ReplayStatus", description="How far a replay is.")
EVERY_EVENT: Final = ["#"]


@strawberry.input(description="Events of the log to send to a queue again.")
class StartReplayInput:
    """Fields of startReplay."""

    queue: str = strawberry.field(description="A queue that exists at the broker; none of Rapport's own.")
    since: DateTime = strawberry.field(description="The time of the first event; the log keeps seven days.")
    until: DateTime | None = optional("Before which time events end: now, where not given.")
    events: list[str] = strawberry.field(
        default_factory=lambda: list(EVERY_EVENT),
        description="Patterns of routing keys, such as customers.#; every event where not given.",
    )
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which replays; all given conditions hold.")
class ReplayFilter:
    """Conditions on replays."""

    id: IdFilter | None = optional("The replay's id.")
    queue: StringFilter | None = optional("The queue.")
    status: Filter[ReplayStatus] | None = optional("How far it is.")


@strawberry.enum(description="What replays can be sorted by.")
class ReplayOrderField(Enum):
    """Values are document fields."""

    CREATED_AT = strawberry.enum_value("created_at", description="When it was started.")


@strawberry.input(description="One key to sort replays by.")
class ReplayOrder:
    """A sort key."""

    field: ReplayOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


_FIELDS: Final = {"id": "_id", "queue": "queue", "status": "status"}


def condition(given: ReplayFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a queue."""
    return every(condition_of(given, _FIELDS), {} if search is None else {"queue": search})


LISTING: Final = Listing(
    "replays", ReplayFilter, ReplayOrder, condition, (Order("created_at", descending=True),), "the newest first"
)
