"""What undoing a change gives back, and what stands in its way; no I/O."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapport_customers.customers.model import MERGEABLE, Customer
from rapport_customers.history.model import Entry, FieldChange
from rapport_customers.reverts.errors import NothingToRevert
from rapport_shared.rights import schema_name

CUSTOM: Final = "custom"
_NOT_TO_REVERT: Final[Mapping[str, str]] = {
    "created": "This version made the customer; delete it instead.",
    "merged": "This version is a merge; undo that with unmergeCustomers.",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that was changed again: stored values as they are now, and as they would be."""

    field: str
    now: Any
    reverted: Any


@dataclass(frozen=True, slots=True)
class Reverted:
    """The customer as it stands now, and why it stands so, where nothing was done."""

    customer: Customer
    conflicts: tuple[Conflict, ...] = ()


def to_give_back(entry: Entry, fields: Collection[str] | None) -> list[FieldChange]:
    """The changes of these fields (names of the schema; None for all) that can be undone. Raises NothingToRevert."""
    action = "merged" if any(change.field == "merged_ids" for change in entry.changes) else entry.action
    found = [
        change
        for change in entry.changes
        if change.field.partition(".")[0] in MERGEABLE and (fields is None or schema_name(change.field) in fields)
    ]
    if action in _NOT_TO_REVERT or not found:
        message = _NOT_TO_REVERT.get(action, "This version changed no field that can be given back.")
        raise NothingToRevert(message, path=("input", "version"))
    return found


def conflicts(changes: Sequence[FieldChange], current: Mapping[str, Any]) -> tuple[Conflict, ...]:
    """The fields that are no longer as these changes left them; ``current`` are the stored values, custom ones flat."""
    return tuple(_conflicts(changes, current))


def _conflicts(changes: Sequence[FieldChange], current: Mapping[str, Any]) -> Iterator[Conflict]:
    for change in changes:
        now = current.get(change.field)
        if now not in (change.after, change.before):
            yield Conflict(change.field, now, change.before)


def values_before(changes: Sequence[FieldChange]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stored values that the changes replaced: of attributes, and of custom fields by key."""
    attributes: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for change in changes:
        name, _, key = change.field.partition(".")
        if name == CUSTOM:
            custom[key] = change.before
        else:
            attributes[name] = change.before
    return attributes, custom
