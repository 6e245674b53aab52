"""The use cases of signing keys."""

from datetime import timedelta
from typing import Any, Final

from rapport_identity.keys.model import SigningKey, published
from rapport_identity.keys.repository import SigningKeyRepository
from rapport_shared.clock import Clock
from rapport_shared.ids import new_id

ID_PREFIX = "sgn"
FORGOTTEN_AFTER: Final = timedelta(days=365)


class NoSigningKey(RuntimeError):
    """``migrate`` has not run on this database: a fault of its operator, not of a caller."""


class KeyService:
    """One key signs at a time; the next one, and the one before, are published besides it.

    A key that has signed for ``max_age`` is followed by another one when it is next needed.
    """

    def __init__(self, keys: SigningKeyRepository, clock: Clock, max_age: timedelta | None = None) -> None:
        self._keys = keys
        self._clock = clock
        self._max_age = max_age

    async def ensure(self) -> None:
        """Make the first key where there is none."""
        if not await self._keys.newest_first():
            await self._keys.add(SigningKey.generate(new_id(ID_PREFIX), now=self._clock()))

    async def current(self) -> SigningKey:
        """The key that signs now. Raises NoSigningKey."""
        now, keys = self._clock(), await self._keys.newest_first()
        signing = [key for key in keys if key.signs_from <= now]
        if not signing:
            raise NoSigningKey("run `python -m rapport_identity migrate`")
        if self._max_age is not None and signing[0] == keys[0] and now - keys[0].signs_from >= self._max_age:
            await self._succeed(keys, abrupt=False)
        return signing[0]

    async def rotate(self, *, at_once: bool = False) -> SigningKey:
        """Have another key sign: soon, with tokens of the present one good until they end; or ``at_once``.

        At once means that every token so far is void within a minute: for a key that others have got hold of.
        Raises NoSigningKey.
        """
        keys = await self._keys.newest_first()
        if not keys:
            raise NoSigningKey("run `python -m rapport_identity migrate`")
        return await self._succeed(keys, abrupt=at_once)

    async def _succeed(self, keys: list[SigningKey], *, abrupt: bool) -> SigningKey:
        """The key after the newest of these: a new one, unless somebody else was faster."""
        now = self._clock()
        key = SigningKey.generate(new_id(ID_PREFIX), after=keys[0], abrupt=abrupt, now=now)
        if not await self._keys.add(key):
            return (await self._keys.newest_first())[0]
        live = {each.id for each, _ in published([key, *keys], now=now)}
        await self._keys.drop_made_before(now - FORGOTTEN_AFTER, besides=live)
        return key

    async def public_keys(self) -> dict[str, Any]:
        """The JWK Set (RFC 7517) that verifies our tokens."""
        live = published(await self._keys.newest_first(), now=self._clock())
        return {"keys": [key.public_jwk(ends) for key, ends in live]}
