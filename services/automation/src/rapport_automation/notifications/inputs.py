"""The inputs of notifications."""

from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_automation.notifications.model import NotificationKind
from rapport_shared.errors import BadInput
from rapport_shared.graphql.filters import DateTimeFilter, Filter, condition_of
from rapport_shared.graphql.inputs import optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every

Kind = strawberry.enum(NotificationKind, name="NotificationKind", description="What you are told.")


@strawberry.input(description="Which notifications are read from now on.")
class MarkNotificationsReadInput:
    """Fields of markNotificationsRead."""

    ids: list[strawberry.ID] | None = optional("These; all that you have, where not given.")


@strawberry.input(description="Which notifications; all given conditions hold.")
class NotificationFilter:
    """Conditions on notifications."""

    kind: Filter[NotificationKind] | None = optional("What you are told.")
    at: DateTimeFilter | None = optional("When it happened.")
    unread: bool | None = optional("True for those that you have not read.")


@strawberry.enum(description="What notifications can be sorted by.")
class NotificationOrderField(Enum):
    """Values are document fields."""

    AT = strawberry.enum_value("at", description="When it happened.")


@strawberry.input(description="One key to sort notifications by.")
class NotificationOrder:
    """A sort key."""

    field: NotificationOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


def condition(given: NotificationFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition; there is nothing to search in."""
    if search is not None:
        raise BadInput("Notifications cannot be searched; filter them.")
    if given is None or given.unread is UNSET or given.unread is None:
        return condition_of(given, {"kind": "kind", "at": "at"})
    unread = {"read_at": None} if given.unread else {"read_at": {"$ne": None}}
    return every(condition_of(NotificationFilter(kind=given.kind, at=given.at), {"kind": "kind", "at": "at"}), unread)


LISTING: Final = Listing(
    "notifications",
    NotificationFilter,
    NotificationOrder,
    condition,
    (Order("at", descending=True),),
    "the newest first",
)
