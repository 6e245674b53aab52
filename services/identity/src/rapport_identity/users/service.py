"""The use cases of users."""

import re
from collections.abc import Mapping
from typing import Any, Final

from rapport_identity.users import guards
from rapport_identity.users.model import ADMIN, User
from rapport_identity.users.passwords import Passwords
from rapport_identity.users.repository import UserRepository
from rapport_identity.users.values import valid_password
from rapport_identity.work import IdentityWork
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import IdempotencyKeyReused, NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE = "User"
ID_PREFIX = "usr"
FIRST_ADMIN_NAME = "Administrator"
_ABOUT_RIGHTS: Final = frozenset({"role", "team_id"})


class UserService(Records[User]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self,
        transactions: Transactions[IdentityWork],
        users: UserRepository,
        passwords: Passwords,
        policy: Policy,
        clock: Clock,
    ) -> None:
        super().__init__(users, policy, TYPE)
        self.transactions = transactions
        self._users = users
        self._passwords = passwords
        self._clock = clock

    async def create(
        self, details: Mapping[str, Any], *, password: str | None, idempotency_key: str | None = None, by: Actor
    ) -> User:
        """A new user, who cannot sign in yet where there is no password."""
        self.require_right_to_create(details, by)
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
        await self.add(work, user, by=by)
        return user, False

    async def add(self, work: IdentityWork, user: User, *, by: Actor) -> None:
        """Store a new user, whose role, team and manager there must be."""
        await guards.require_assignable(work, user.role, by=by)
        await guards.require_team(work, user.team_id)
        await guards.require_manager(work, user, self.scope(by))
        await work.users.save(user, by=by)

    @transactional
    async def update(
        self,
        work: IdentityWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> User:
        """Change what is named; a new role or team acts everywhere within seconds."""
        self._policy.check_fields(by, TYPE, changes)
        user = await self.to_change(work, identifier, expected_version, by=by)
        if user.id == by.id and _ABOUT_RIGHTS & changes.keys() and self.scope(by, Verb.UPDATE).reach is not Reach.ALL:
            raise NotAllowed("You may not change your own role or team.", path=("input", "id"))
        before, administered = user.state(), user.administers
        user.update(changes, now=self._clock())
        if user.role != before.role:
            await guards.require_assignable(work, user.role, by=by)
        if user.team_id != before.team_id:
            await guards.require_team(work, user.team_id)
        if "manager_id" in changes:
            await guards.require_manager(work, user, self.scope(by))
        if administered and not user.administers:
            await guards.require_another_administrator(work, user)
        await work.users.save(user, by=by)
        return user

    @transactional
    async def deactivate(self, work: IdentityWork, identifier: str, *, expected_version: int | None, by: Actor) -> User:
        """Lock a user out: sessions end, and the user's API keys rest. Raises LastAdministrator."""
        user = await self.to_change(work, identifier, expected_version, by=by)
        if user.administers:
            await guards.require_another_administrator(work, user)
        now = self._clock()
        user.deactivate(now=now)
        await work.users.save(user, by=by)
        await work.sessions.end_all(user.id, now=now, by=by)
        return user

    @transactional
    async def activate(self, work: IdentityWork, identifier: str, *, expected_version: int | None, by: Actor) -> User:
        """Let a user work again, and the user's API keys with them."""
        user = await self.to_change(work, identifier, expected_version, by=by)
        user.activate(now=self._clock())
        await work.users.save(user, by=by)
        return user

    async def to_change(self, work: IdentityWork, identifier: str, expected_version: int | None, *, by: Actor) -> User:
        """The user, to be changed by ``by``. Raises NotFound, NotAllowed, VersionConflict."""
        user = await self.load(work.users, identifier, Verb.UPDATE, by=by)
        user.expect_version(expected_version)
        await guards.require_power_over(work, user, by=by)
        return user

    def require_right_to_create(self, details: Mapping[str, Any], by: Actor) -> None:
        """Raises NotAllowed, ForbiddenField."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not create users.", path=("input",))
        self._policy.check_fields(by, TYPE, details)

    async def create_first_admin(self, email: str, password: str) -> User | None:
        """The user who makes all others; None, and nothing done, where there are users already."""
        if await self._users.count({}):
            return None
        return await self._create_first_admin(email, await self._passwords.hash(valid_password(password)))

    @transactional
    async def _create_first_admin(self, work: IdentityWork, email: str, password_hash: str) -> User | None:
        if await work.users.count({}):
            return None
        details = {"email": email, "name": FIRST_ADMIN_NAME, "role": ADMIN}
        admin = User.create(new_id(ID_PREFIX), details, password_hash=password_hash, now=self._clock())
        await work.users.save(admin, by=SYSTEM)
        return admin


def search_condition(text: str) -> dict[str, Any]:
    """Users in whose name or mail address the text is found, or who have it as external id."""
    anywhere = {"$regex": re.escape(text.strip()), "$options": "i"}
    return {"$or": [{"name": anywhere}, {"email": anywhere}, {"external_id": text.strip()}]}
