"""Operations that clients name instead of sending them: automatic persisted queries and trusted documents.

Automatic ones (Apollo's protocol) are kept when a client has sent them once, together with their SHA-256. Trusted ones
come from a manifest that is made when clients are built; where only those are allowed, nothing else is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from rapport_gateway.errors import (
    BAD_REQUEST,
    PERSISTED_QUERY_HASH_MISMATCH,
    PERSISTED_QUERY_NOT_FOUND,
    PERSISTED_QUERY_NOT_IN_LIST,
    PERSISTED_QUERY_NOT_SUPPORTED,
    QUERY_NOT_IN_LIST,
    RequestRefused,
    refused,
)
from rapport_gateway.operations import Lru

_HEX = frozenset("0123456789abcdef")
_HASH_LENGTH = 64
_PREFIX = "sha256:"
_MAX_IDENTIFIER_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Found:
    """The text of an operation. `new_under`: the hash to keep it under once it has proved to be valid."""

    text: str
    new_under: str | None = None


class Documents:
    """`trusted` are texts by identifier; `automatic` is None where clients may not add to what is known."""

    def __init__(
        self,
        trusted: Mapping[str, str] | None = None,
        *,
        only_trusted: bool = False,
        automatic: Lru[str, str] | None = None,
    ) -> None:
        self._only_trusted = only_trusted
        self._automatic = None if only_trusted else automatic
        self.trust(trusted or {})

    def trust(self, trusted: Mapping[str, str]) -> None:
        """From now on these, and no others."""
        self.trusted = trusted
        self._trusted_texts = frozenset(trusted.values())

    def find(self, fields: Mapping[str, Any]) -> Found:
        """Of a request whose fields have their types. Raises RequestRefused."""
        text = fields.get("query")
        identifier = _identifier(fields)
        if not text or not text.strip():
            if identifier is None:
                raise refused("The request has no 'query' string.", BAD_REQUEST)
            return Found(self._known(identifier))
        if identifier is not None and _is_hash(identifier) and identifier != _hash(text):
            raise refused("The hash is not that of the query.", PERSISTED_QUERY_HASH_MISMATCH)
        if self._only_trusted and text not in self._trusted_texts:
            raise refused("Only operations on the list of trusted documents are run.", QUERY_NOT_IN_LIST)
        if identifier is None or self._automatic is None or not _is_hash(identifier):
            return Found(text)
        return Found(text, new_under=identifier)

    def keep(self, found: Found) -> None:
        if found.new_under is not None and self._automatic is not None:
            self._automatic.put(found.new_under, found.text, len(found.text))

    def _known(self, identifier: str) -> str:
        text = self.trusted.get(identifier)
        if text is None and self._automatic is not None:
            text = self._automatic.get(identifier)
        if text is None:
            raise self._unknown(identifier)
        return text

    def _unknown(self, identifier: str) -> RequestRefused:
        """Clients send the whole query after the first of these, and stop trying after the second."""
        if self._automatic is not None and _is_hash(identifier):
            return refused("PersistedQueryNotFound", PERSISTED_QUERY_NOT_FOUND)
        if not self.trusted:
            return refused("PersistedQueryNotSupported", PERSISTED_QUERY_NOT_SUPPORTED)
        return refused("No document of this id is on the list.", PERSISTED_QUERY_NOT_IN_LIST)


def _identifier(fields: Mapping[str, Any]) -> str | None:
    """The document's id, in lower case and without prefix when it is a hash. Raises RequestRefused."""
    given = fields.get("documentId")
    if given is None:
        given = _apollo_hash((fields.get("extensions") or {}).get("persistedQuery"))
    if given is None:
        return None
    if not given or len(given) > _MAX_IDENTIFIER_LENGTH:
        raise refused("'documentId' is empty or too long.", BAD_REQUEST)
    if given.startswith(_PREFIX) and not _is_hash(given.removeprefix(_PREFIX)):
        raise refused("'documentId' with 'sha256:' must go on with 64 digits, in lower case.", BAD_REQUEST)
    identifier: str = given.removeprefix(_PREFIX)
    return identifier


def _apollo_hash(extension: object) -> str | None:
    match extension:
        case None:
            return None
        case {"version": 1, "sha256Hash": str(given)}:
            return given
        case {"version": int(version)} if version != 1:
            raise refused(f"Version {version} of persisted queries is not supported.", PERSISTED_QUERY_NOT_SUPPORTED)
    raise refused("'persistedQuery' must be an object with a version and a sha256Hash.", BAD_REQUEST)


def _is_hash(identifier: str) -> bool:
    return len(identifier) == _HASH_LENGTH and _HEX.issuperset(identifier)


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def with_hashes(documents: Mapping[str, str]) -> dict[str, str]:
    """The documents under their own identifiers, and under their hashes."""
    return {**{_hash(text): text for text in documents.values()}, **documents}
