"""A signing key: its private half stays here, its public half is published."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm

ALGORITHM: Final = "ES256"
LEAD: Final = timedelta(seconds=90)
"""How long a key is published before it signs: all who verify have it by then."""
GRACE: Final = timedelta(minutes=11)
"""How long a key is published after it has signed for the last time: no token of its is left by then."""
_PRIVATE = "d"


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A P-256 key for ES256; ``jwk`` is the private JWK (RFC 7517) with its ``kid``, ``alg`` and ``use``.

    It signs from ``signs_from`` until the next key does, the one that ``succeeds`` it. Where that is ``abrupt``, the
    key before counts for nothing from then on.
    """

    id: str
    jwk: dict[str, Any] = field(repr=False)
    created_at: datetime
    signs_from: datetime
    succeeds: str | None = None
    abrupt: bool = False

    @classmethod
    def generate(
        cls, identifier: str, *, after: "SigningKey | None" = None, abrupt: bool = False, now: datetime
    ) -> "SigningKey":
        """A new random key; one that follows another is published for a while before it signs, unless ``abrupt``."""
        members = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
        return cls(
            id=identifier,
            jwk={**members, "kid": identifier, "alg": ALGORITHM, "use": "sig"},
            created_at=now,
            signs_from=now if after is None or abrupt else now + LEAD,
            succeeds=None if after is None else after.id,
            abrupt=abrupt,
        )

    def private(self) -> PyJWK:
        """What signs."""
        return PyJWK(self.jwk)

    def public_jwk(self, ends: datetime | None) -> dict[str, Any]:
        """What anybody may have, to verify until ``ends``."""
        public = {name: value for name, value in self.jwk.items() if name != _PRIVATE}
        return public if ends is None else {**public, "exp": int(ends.timestamp())}


def published(keys: Sequence[SigningKey], *, now: datetime) -> list[tuple[SigningKey, datetime | None]]:
    """Those of all keys, the newest first, that verify now, each with its end where there is one."""
    found: list[tuple[SigningKey, datetime | None]] = [(key, None) for key in keys[:1]]
    for successor, key in pairwise(keys):
        limit = found[-1][1]
        ends = successor.signs_from if successor.abrupt else successor.signs_from + GRACE
        found.append((key, ends if limit is None else min(ends, limit)))
    return [(key, ends) for key, ends in found if ends is None or now < ends]
