"""What inputs have in common: fields that may be left out."""

from typing import Annotated, Any, Final, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types.unset import UnsetType

T = TypeVar("T")

EXPECTED_VERSION: Final = "The version that you have seen; the change is refused when it has another one by now."
REASON: Final = "Why, for the record."
First = Annotated[int | None, strawberry.argument(description="How many from the start: 20 by default, at most 100.")]
After = Annotated[str | None, strawberry.argument(description="Start behind this cursor.")]
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
