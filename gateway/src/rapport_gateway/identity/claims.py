"""What the claims of a token grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapport_gateway.planning.permits import Granted


@dataclass(frozen=True, slots=True)
class ClaimNames:
    scopes: str = "scope"
    policies: str = "policies"


def granted_by(claims: Mapping[str, Any], names: ClaimNames) -> Granted:
    """Of a verified token."""
    return Granted(True, _words(claims.get(names.scopes)), _words(claims.get(names.policies)))


def _words(value: object) -> frozenset[str]:
    """Names separated by blanks, as RFC 8693 has scopes, or a list of names."""
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset()
