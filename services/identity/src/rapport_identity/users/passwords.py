"""Password hashes: argon2id, made and checked off the event loop."""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

AT_ONCE = 2
"""Hashes in work at one time; each takes its whole memory and its lanes for as long."""


class Passwords:
    """Hashes and verifies; a check against nothing takes as long as one against a hash."""

    def __init__(self, *, memory_kib: int, time_cost: int, parallelism: int) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._nobodys = self._hasher.hash(secrets.token_urlsafe(32))

    async def hash(self, password: str) -> str:
        """The hash with its salt and parameters, as a PHC string."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, _stable(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the hashed one; False, after the same work, where there is no hash."""
        against = self._nobodys if password_hash is None else password_hash
        right = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._matches, against, _stable(password)
        )
        return right and password_hash is not None

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerificationError:
            return False


def _stable(password: str) -> str:
    """In Unicode's composed form (RFC 8265): keyboards differ in how they write one character."""
    return unicodedata.normalize("NFC", password)
