"""Identifiers: opaque strings with a type prefix, ordered by the time they were made."""

from uuid_utils import UUID, uuid7

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_LENGTH = 26  # 128 bits in base 32


def new_id(prefix: str) -> str:
    """A new identifier such as ``cus_01jd…``: a UUIDv7 (RFC 9562) in base 32, so that text order is time order."""
    return f"{prefix}_{_base32(uuid7())}"


def new_event_id() -> str:
    """A new event identifier: a UUIDv7, random beyond its millisecond, never derived from a version."""
    return str(uuid7())


def is_id(prefix: str, value: str) -> bool:
    """Whether ``value`` has the form of an identifier of this type (not whether it exists)."""
    head, _, tail = value.partition("_")
    return head == prefix and len(tail) == _LENGTH and all(char in _ALPHABET for char in tail)


def _base32(value: UUID) -> str:
    number = value.int
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
