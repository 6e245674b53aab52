"""A signing key: its private half stays here, its public half is published."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm

ALGORITHM: Final = "ES256"
_PRIVATE = "d"


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A P-256 key for ES256; ``jwk`` is the private JWK (RFC 7517) with its ``kid``, ``alg`` and ``use``."""

    id: str
    jwk: dict[str, Any] = field(repr=False)
    created_at: datetime

    @classmethod
    def generate(cls, identifier: str, *, now: datetime) -> "SigningKey":
        """A new random key."""
        members = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
        return cls(id=identifier, jwk={**members, "kid": identifier, "alg": ALGORITHM, "use": "sig"}, created_at=now)

    def private(self) -> PyJWK:
        """What signs."""
        return PyJWK(self.jwk)

    def public_jwk(self) -> dict[str, Any]:
        """What anybody may have, to verify."""
        return {name: value for name, value in self.jwk.items() if name != _PRIVATE}
