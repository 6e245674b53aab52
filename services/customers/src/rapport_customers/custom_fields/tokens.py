"""What records are found by: pairs of a field and a value, all in one index."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from rapport_customers.customers.search import parts

MAX_WORDS: Final = 200
_MAX_VALUE: Final = 500
PAIRS: Final = "custom_index"


def tokens(custom: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pairs ``{k, v}`` of a record's stored values."""
    return [{"k": key, "v": value} for name, stored in sorted(custom.items()) for key, value in _pairs(name, stored)]


def exact(value: Any) -> Any:
    """What stands in a pair for a stored value: itself, or the digest of a long text."""
    if isinstance(value, str) and len(value) > _MAX_VALUE:
        return f"sha256:{sha256(value.encode()).hexdigest()}"
    return value


def words_key(key: str) -> str:
    """The pair's field for the words of a text."""
    return f"{key}~"


def amount_key(key: str, currency: str) -> str:
    """The pair's field for amounts of a currency."""
    return f"{key}:{currency}"


def _pairs(key: str, stored: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(stored, Mapping):
        yield key, stored["currency"]
        yield amount_key(key, stored["currency"]), stored["amount"]
    elif isinstance(stored, list):
        yield from ((key, value) for value in stored)
    else:
        yield key, exact(stored)
        if isinstance(stored, str):
            yield from ((words_key(key), word) for word in parts(stored)[:MAX_WORDS])
