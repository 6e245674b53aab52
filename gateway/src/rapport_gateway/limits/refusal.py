"""How a limit is refused, and the memory of documents that were."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

from rapport_gateway.errors import OPERATION_TOO_LARGE, ErrorDict, RequestRefused, error

COUNT_CAP = 10**9
"""Counts stop here: fragments can make them astronomical, and JSON has no such numbers."""
_MAX_REMEMBERED_LENGTH = 8_000  # characters of messages


class DocumentRefused(RequestRefused):
    """Refused for its text alone, whatever operation and variables come with it."""


def limit_error(limit: str, maximum: int, what: str, actual: int | None = None) -> ErrorDict:
    """`limit` is the setting's name without `max_`; `actual` is left out where counting stopped early."""
    facts: dict[str, object] = {"limit": limit, "max": maximum}
    if actual is not None:
        facts["actual"] = min(actual, COUNT_CAP)
    return error(f"The operation is too large: {what}, at most {maximum}.", OPERATION_TOO_LARGE, extra=facts)


class Refusals:
    """The errors of documents refused lately, by a digest of their text, so that sending one again costs next to
    nothing. Bounded in number, and in size: what has long messages is not kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._errors: OrderedDict[bytes, Sequence[ErrorDict]] = OrderedDict()

    def check(self, text: str) -> None:
        """Raises DocumentRefused where the text is known to be refused."""
        known = self._errors.get(_digest(text))
        if known is not None:
            raise DocumentRefused(list(known))

    def remember(self, text: str, refusal: DocumentRefused) -> None:
        if sum(len(item["message"]) for item in refusal.errors) > _MAX_REMEMBERED_LENGTH:
            return
        self._errors[_digest(text)] = refusal.errors
        if len(self._errors) > self._size:
            self._errors.popitem(last=False)

    def __len__(self) -> int:
        return len(self._errors)


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
