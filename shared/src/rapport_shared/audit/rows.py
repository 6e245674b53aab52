"""Audit rows: what they hold, and what of them is sealed.

A row holds ids and names of fields, never a value. What a person wrote (the reason) and the salt of the digests stand
apart in ``erasable``: an erasure takes them away, and the digests then tell nothing; the rest never changes.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from rapport_shared.mongo.client import Document
from rapport_shared.mongo.indexes import Index

ROWS: Final = "audit"
BLOCKS: Final = "audit_blocks"
HEAD: Final = "audit_head"
# Everything but this is sealed.
UNSEALED_FIELDS: Final = frozenset({"erasable", "waiting"})
INDEXES: Final = (
    # Only rows that wait for their seal carry the mark.
    Index(ROWS, (("waiting", 1), ("_id", 1)), only={"waiting": True}),
    Index(ROWS, (("at", -1), ("_id", -1))),
    Index(ROWS, (("record", 1), ("at", -1), ("_id", -1))),
    Index(ROWS, (("actor", 1), ("at", -1), ("_id", -1))),
    Index(ROWS, (("correlation_id", 1),)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One thing that was done; ``rows`` counts what an export or an erasure covered.

    ``via`` says how ``actor`` acted, ``key_id`` with which API key. ``action`` is the name of the event without its
    version, ``record`` the record's id and ``version`` its version afterwards. ``asked`` is what an export was asked
    for, None of anything else.
    """

    id: str
    at: datetime
    actor: str
    via: str
    key_id: str | None
    action: str
    type: str
    record: str
    version: int | None
    changed: tuple[str, ...]
    reason: str | None
    correlation_id: str
    rows: int | None
    asked: Mapping[str, Any] | None
    sealed: bool


def salted_digest(salt: str, value: Any) -> str:
    """SHA-256 of the salt and the value in a canonical form; without the salt nobody can find a value by trying."""
    return hashlib.sha256(salt.encode() + canonical(value)).hexdigest()


def new_salt() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


def row_digest(row: Document) -> str:
    """What the chain keeps of a row."""
    sealed = {name: value for name, value in row.items() if name not in UNSEALED_FIELDS}
    return hashlib.sha256(canonical(sealed)).hexdigest()


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and times in UTC: the same before a value is stored and after it is read."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)


def from_document(row: Document) -> AuditRow:
    """The row as it is read."""
    return AuditRow(
        id=row["_id"],
        at=row["at"],
        actor=row["actor"],
        via=row["via"],
        key_id=row["key_id"],
        action=row["action"],
        type=row["type"],
        record=row["record"],
        version=row["version"],
        changed=tuple(row["changed"]),
        reason=row.get("erasable", {}).get("reason"),
        correlation_id=row["correlation_id"],
        rows=row["rows"],
        asked=row.get("asked"),
        sealed="waiting" not in row,
    )
