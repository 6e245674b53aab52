"""The use cases of signing keys."""

from typing import Any

from rapport_identity.keys.model import SigningKey
from rapport_identity.keys.repository import SigningKeyRepository
from rapport_shared.clock import Clock
from rapport_shared.ids import new_id

ID_PREFIX = "sgn"


class NoSigningKey(RuntimeError):
    """``migrate`` has not run on this database: a fault of its operator, not of a caller."""


class KeyService:
    """The newest key signs; all are published, so that a token outlives a change of keys."""

    def __init__(self, keys: SigningKeyRepository, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def ensure(self) -> None:
        """Make the first key where there is none."""
        if not await self._keys.newest_first():
            await self._keys.add(SigningKey.generate(new_id(ID_PREFIX), now=self._clock()))

    async def current(self) -> SigningKey:
        """The key that signs now. Raises NoSigningKey."""
        keys = await self._keys.newest_first()
        if not keys:
            raise NoSigningKey("run `python -m rapport_identity migrate`")
        return keys[0]

    async def public_keys(self) -> dict[str, Any]:
        """The JWK Set (RFC 7517) that verifies our tokens."""
        return {"keys": [key.public_jwk() for key in await self._keys.newest_first()]}
