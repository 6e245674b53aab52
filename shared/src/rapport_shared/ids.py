"""Identifiers: opaque strings with a type prefix, ordered by the time they were made."""

import hashlib

from uuid_utils import uuid7

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_LENGTH = 26  # 128 bits in base 32


def new_id(prefix: str) -> str:
    """A new identifier such as ``cus_01jd…``: a UUIDv7 (RFC 9562) in base 32, so that text order is time order."""
    return f"{prefix}_{_base32(uuid7().int)}"


def new_event_id() -> str:
    """A new event identifier: a UUIDv7, random beyond its millisecond, never derived from a version."""
    return str(uuid7())


def derived_id(prefix: str, *parts: str) -> str:
    """The identifier of what others' identifiers make together, the same whenever it is asked for."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"{prefix}_{_base32(int.from_bytes(digest[:16]))}"


def is_id(prefix: str, value: str) -> bool:
    """Whether ``value`` has the form of an identifier of this type (not whether it exists)."""
    head, _, tail = value.partition("_")
    return head == prefix and len(tail) == _LENGTH and all(char in _ALPHABET for char in tail)


def _base32(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
