"""The use cases of users."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapport_identity.users.errors import ManagerNotFound
from rapport_identity.users.model import Role, User
from rapport_identity.users.passwords import Passwords
from rapport_identity.users.repository import UserRepository
from rapport_identity.users.values import valid_password
from rapport_identity.work import IdentityWork
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import IdempotencyKeyReused, NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.mongo import Page, PageRequest, every
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Reach, Scope, Verb

TYPE = "User"
ID_PREFIX = "usr"
FIRST_ADMIN_NAME = "Administrator"


class UserService:
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self,
        transactions: Transactions[IdentityWork],
        users: UserRepository,
        passwords: Passwords,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._users = users
        self._passwords = passwords
        self._policy = policy
        self._clock = clock

    def scope(self, by: Actor, verb: Verb = Verb.READ) -> Scope:
        """The users that ``by`` may see, or make."""
        return self._policy.scope(by, verb, TYPE)

    async def find(self, identifier: str, *, by: Actor) -> User | None:
        """The user, unless it is out of reach."""
        return await self._users.find(identifier, self.scope(by))

    async def find_many(self, identifiers: Sequence[str], *, by: Actor) -> dict[str, User]:
        """The users within reach by id; one query."""
        return await self._users.find_many(identifiers, self.scope(by))

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[User]:
        """One page of the users that match; one query."""
        return await self._users.page(self._within_reach(condition, by), request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many users match; one query."""
        return await self._users.count(self._within_reach(condition, by))

    async def create(
        self, details: Mapping[str, Any], *, password: str | None, idempotency_key: str | None = None, by: Actor
    ) -> User:
        """A new user, who cannot sign in yet where there is no password."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not create users.", path=("input",))
        password_hash = None if password is None else await self._passwords.hash(valid_password(password))
        user, repeated = await self._create(details, password_hash, idempotency_key, by=by)
        if repeated and password is not None and not await self._passwords.verify(user.password_hash, password):
            raise IdempotencyKeyReused(
                "This idempotency key came with another password before.", path=("input", "idempotencyKey")
            )
        return user

    @transactional
    async def _create(
        self, work: IdentityWork, details: Mapping[str, Any], password_hash: str | None, key: str | None, *, by: Actor
    ) -> tuple[User, bool]:
        """The user, and whether an earlier request with this key made it."""
        user = User.create(new_id(ID_PREFIX), details, password_hash=password_hash, now=self._clock())
        # The key's row keeps a fast digest of the body: a password must not be in it.
        body = {**details, "password": password_hash is not None}
        earlier = await work.idempotency.claim(key, operation="createUser", by=by, body=body, result_id=user.id)
        if earlier is not None:
            return await work.users.get(earlier, readable=self.scope(by), changeable=self.scope(by)), True
        if user.manager_id is not None and await work.users.find(user.manager_id, self.scope(by)) is None:
            raise ManagerNotFound("No user has this id.", path=("input", "managerId"))
        await work.users.save(user, by=by)
        return user, False

    async def create_first_admin(self, email: str, password: str) -> User | None:
        """The user who makes all others; None, and nothing done, where there are users already."""
        if await self._users.count({}):
            return None
        return await self._create_first_admin(email, await self._passwords.hash(valid_password(password)))

    @transactional
    async def _create_first_admin(self, work: IdentityWork, email: str, password_hash: str) -> User | None:
        if await work.users.count({}):
            return None
        details = {"email": email, "name": FIRST_ADMIN_NAME, "role": Role.ADMIN}
        admin = User.create(new_id(ID_PREFIX), details, password_hash=password_hash, now=self._clock())
        await work.users.save(admin, by=SYSTEM)
        return admin

    def _within_reach(self, condition: dict[str, Any], by: Actor) -> dict[str, Any]:
        return every(self.scope(by).filter(), condition)


def search_condition(text: str) -> dict[str, Any]:
    """Users in whose name or mail address the text is found, or who have it as external id."""
    anywhere = {"$regex": re.escape(text.strip()), "$options": "i"}
    return {"$or": [{"name": anywhere}, {"email": anywhere}, {"external_id": text.strip()}]}
