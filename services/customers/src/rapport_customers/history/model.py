"""An entry of a customer's history, and what entries say of the past; no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from rapport_shared.errors import UserFault

LATE_AFTER: Final = timedelta(hours=24)
BUSINESS_FIELDS: Final = frozenset(
    {
        "kind",
        "stage",
        "stage_since",
        "priority",
        "owner_id",
        "last_owner_id",
        "transfer_id",
        "assigned_rule",
        "pooled_at",
        "deleted_at",
        "erased_at",
        "merged_ids",
        "merged_into_id",
    }
)
"""What says nothing personal: an erasure leaves it."""


class ReasonRequired(UserFault):
    """A field was changed that may only be changed for a reason, and none was given."""

    code = "REASON_REQUIRED"


@dataclass(frozen=True, slots=True)
class ReasonPolicy:
    """The fields, by their names in the schema, that nobody changes without saying why."""

    fields: frozenset[str] = frozenset()

    def and_of(self, fields: Iterable[str]) -> "ReasonPolicy":
        """The same policy, of these fields as well."""
        return ReasonPolicy(self.fields | frozenset(fields))

    def check(self, changed: Iterable[str], reason: str | None) -> None:
        """Raise ReasonRequired where one of the changed fields asks for a reason, and there is none."""
        asking = sorted(self.fields & set(changed))
        if asking and reason is None:
            message = f"Say why you change {' and '.join(asking)}."
            raise ReasonRequired(message, path=("input", "reason"))


NO_REASON_REQUIRED: Final = ReasonPolicy()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field by its name in the document, and its stored values; both None once the customer is erased."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change: ``version`` is the customer's afterwards, ``occurred_at`` when it happened as its author says.

    ``late`` where that was more than a day before it was recorded.
    """

    id: str
    customer_id: str
    version: int
    action: str
    at: datetime
    occurred_at: datetime | None
    late: bool
    actor: str
    via: str
    reason: str | None
    correlation_id: str
    changes: tuple[FieldChange, ...]


def is_late(at: datetime, occurred_at: datetime | None) -> bool:
    """Whether something was recorded more than 24 hours after it happened."""
    return occurred_at is not None and at - occurred_at > LATE_AFTER


def before(document: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """What the document was before these entries, which are the last ones, newest first."""
    past = dict(document)
    for entry in entries:
        for change in entry.changes:
            field, _, key = change.field.partition(".")
            past[field] = {**(past.get(field) or {}), key: change.before} if key else change.before
        past["version"] = entry.version - 1
    return past
