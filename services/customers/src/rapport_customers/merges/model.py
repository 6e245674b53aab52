"""What a merge makes of its customers' values, and what is given back when it is undone; no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rapport_customers.consents.model import Consent
from rapport_customers.customers.model import MERGEABLE, Customer
from rapport_customers.history.model import FieldChange
from rapport_customers.merges.errors import NothingToMerge, UnknownChoice

MAX_OTHERS: Final = 20
_NEWEST: Final = "consents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """``version`` is the survivor's right after; ``undone_at`` None while the merge holds."""

    id: str
    survivor_id: str
    other_ids: tuple[str, ...]
    version: int
    at: datetime
    by_id: str
    undone_at: datetime | None = None
    undone_by_id: str | None = None


def check_parts(survivor_id: str, other_ids: Sequence[str]) -> None:
    """Raises NothingToMerge."""
    if not 1 <= len(other_ids) <= MAX_OTHERS or len({survivor_id, *other_ids}) != len(other_ids) + 1:
        raise NothingToMerge(f"Name 1 to {MAX_OTHERS} other customers, each once.", path=("input", "otherIds"))


def merged_values(survivor: Customer, others: Sequence[Customer], choices: Mapping[str, str]) -> dict[str, Any]:
    """The survivor's values after the merge, by attribute: what was chosen, else its own, else the first other's.

    Lists and mappings are put together; of each purpose, the newest word counts. Raises UnknownChoice.
    """
    parts = {customer.id: customer for customer in (survivor, *others)}
    for name, customer_id in choices.items():
        if name not in MERGEABLE or customer_id not in parts:
            raise UnknownChoice("This is no field of one of these customers.", path=("input", "choices"))
    values = {
        name: getattr(parts[choices[name]], name) if name in choices else _together(name, parts.values())
        for name in MERGEABLE
    }
    values[_NEWEST] = _newest(consent for customer in parts.values() for consent in customer.consents)
    family = [each for other in others for each in (other.id, *other.merged_ids)]
    return {**values, "merged_ids": (*survivor.merged_ids, *family)}


def remaining(survivor: Customer, others: Sequence[Customer]) -> tuple[str, ...]:
    """The ids that still stand for the survivor once these others are on their own again."""
    leaving = {each for other in others for each in (other.id, *other.merged_ids)}
    return tuple(each for each in survivor.merged_ids if each not in leaving)


def without_merge(
    document: Mapping[str, Any], flat: Mapping[str, Any], changes: Iterable[FieldChange]
) -> dict[str, Any]:
    """The document's fields that a merge's changes touched, without what it brought; ``flat`` has open fields apart."""
    without: dict[str, Any] = {}
    for change in changes:
        name, _, key = change.field.partition(".")
        if name in document and name != "merged_ids":
            value = _given_back(flat.get(change.field), change)
            if key:
                others = {each: item for each, item in without.get(name, document[name]).items() if each != key}
                value = others if value is None else {**others, key: value}
            without[name] = value
    return without


def _given_back(current: Any, change: FieldChange) -> Any:
    """A stored value without what the merge brought; as it is where it was changed since."""
    if current == change.after:
        return change.before
    if isinstance(current, list) and isinstance(change.before, list) and isinstance(change.after, list):
        return [item for item in current if item in change.before or item not in change.after]
    return current


def _together(name: str, customers: Any) -> Any:
    values = [getattr(customer, name) for customer in customers]
    first = values[0]
    if isinstance(first, tuple):
        return tuple(dict.fromkeys(item for value in values for item in value))
    if isinstance(first, Mapping):
        return {key: item for value in reversed(values) for key, item in value.items()}
    return next((value for value in values if value is not None), None)


def _newest(consents: Any) -> tuple[Consent, ...]:
    newest: dict[str, Consent] = {}
    for consent in consents:
        known = newest.get(consent.purpose)
        if known is None or known.at < consent.at:
            newest[consent.purpose] = consent
    return tuple(newest[purpose] for purpose in sorted(newest))
