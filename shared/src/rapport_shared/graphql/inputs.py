"""What inputs have in common: fields that may be left out, and what lists' arguments mean."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final, Protocol, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types.unset import UnsetType

from rapport_shared.errors import BadInput
from rapport_shared.graphql.arguments import MAX_SEARCH, SortDirection
from rapport_shared.mongo import Order

T = TypeVar("T")

EXPECTED_VERSION: Final = "The version that you have seen; the change is refused when it has another one by now."
REASON: Final = "Why, for the record."
IDEMPOTENCY_KEY: Final = "Repeat a request with the same key, and it is done once."
_ABOUT_THE_REQUEST: Final = frozenset({"id", "expected_version", "reason", "idempotency_key"})


def optional(description: str, name: str | None = None) -> Any:
    """An input field that may be left out; it is UNSET then."""
    return strawberry.field(default=UNSET, name=name, description=description)


def given(value: T | UnsetType | None) -> T | None:
    """The value, or None where it was left out."""
    return None if isinstance(value, UnsetType) else value


def details(of: object, *, apart: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What an input sets, by attribute name; without what is ``apart`` and what is about the request itself."""
    left = _ABOUT_THE_REQUEST | apart
    return {name: value for name, value in vars(of).items() if name not in left and value is not UNSET}


def searched(search: str | None, condition: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """The condition of a list's ``search``; nothing where it is blank. Raises BadInput where it is too long."""
    if search is None or not search.strip():
        return {}
    if len(search) > MAX_SEARCH:
        raise BadInput(f"A search has at most {MAX_SEARCH} characters.")
    return condition(search)


class SortKey(Protocol):
    """An order input: ``field`` is an enum of document fields."""

    @property
    def field(self) -> Enum:
        """The key."""

    @property
    def direction(self) -> SortDirection:
        """Which way."""


def orders(keys: Sequence[SortKey] | None, default: tuple[Order, ...]) -> tuple[Order, ...]:
    """The sort keys of a list; ``default`` where none is given."""
    if not keys:
        return default
    return tuple(Order(str(key.field.value), descending=key.direction is SortDirection.DESC) for key in keys)
