"""The use cases of roles."""

from collections.abc import Mapping, Sequence
from typing import Any

from rapport_identity import locks
from rapport_identity.roles.errors import RoleInUse, RoleNameTaken, RoleNotFound
from rapport_identity.roles.model import Role
from rapport_identity.roles.repository import RoleRepository
from rapport_identity.roles.values import Fields, Grants
from rapport_identity.work import IdentityWork
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.contracts.roles import DEFAULT_ROLES
from rapport_shared.errors import NotAllowed
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Reach, Verb

TYPE = "Role"
NAME = ("input", "name")


class RoleService:
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[IdentityWork], roles: RoleRepository, policy: Policy, clock: Clock
    ) -> None:
        self.transactions = transactions
        self._roles = roles
        self._policy = policy
        self._clock = clock

    async def all(self, *, by: Actor) -> list[Role]:
        """Every role, by name; one query."""
        return await self._roles.all(self._policy.scope(by, Verb.READ, TYPE))

    async def find_many(self, names: Sequence[str], *, by: Actor) -> dict[str, Role]:
        """The roles of these names; one query."""
        found = await self._roles.find_many(names, self._policy.scope(by, Verb.READ, TYPE))
        return {name: role for name, role in found.items() if role.deleted_at is None}

    @transactional
    async def create(
        self, work: IdentityWork, name: str, label: str, grants: Grants, fields: Fields, *, by: Actor
    ) -> Role:
        """A new role; nobody makes one that may do more than they may. Raises RoleNameTaken."""
        self._require(by, Verb.CREATE)
        now, earlier = self._clock(), await work.roles.find(name, EVERYTHING)
        if earlier is not None and earlier.deleted_at is None:
            raise RoleNameTaken("There is a role of this name.", path=NAME)
        role = earlier
        if role is None:
            role = Role.create(name, label, grants, fields, now=now)
        else:
            role.create_again(label, grants, fields, now=now)
        await self._require_power(work, role, by)
        await work.roles.save(role, by=by)
        return role

    @transactional
    async def update(
        self, work: IdentityWork, name: str, changes: Mapping[str, Any], *, expected_version: int | None, by: Actor
    ) -> Role:
        """Change a role's label, grants or field rights: for everybody who has it, within seconds."""
        self._require(by, Verb.UPDATE)
        role = await self._get(work, name)
        role.expect_version(expected_version)
        await self._require_power(work, role, by)
        role.update(changes, now=self._clock())
        await self._require_power(work, role, by)
        await work.roles.save(role, by=by)
        return role

    @transactional
    async def delete(self, work: IdentityWork, name: str, *, expected_version: int | None, by: Actor) -> Role:
        """Take away a role that nobody has. Raises RoleInUse, RoleIsBuiltIn."""
        self._require(by, Verb.DELETE)
        await work.locks.take(locks.of_role(name))
        role = await self._get(work, name)
        role.expect_version(expected_version)
        await self._require_power(work, role, by)
        if await work.users.count({"role": name}) or await work.api_keys.count({"role": name, "revoked": False}):
            raise RoleInUse("Give another role to the users and API keys that have this one first.", path=NAME)
        role.delete(now=self._clock())
        await work.roles.save(role, by=by)
        return role

    async def seed(self) -> None:
        """Make the default roles that there are not yet, and bring what a release adds to those there are."""
        for name in DEFAULT_ROLES:
            await self._seed(name)

    @transactional
    async def _seed(self, work: IdentityWork, name: str) -> None:
        now, default = self._clock(), DEFAULT_ROLES[name]
        role = await work.roles.find(name, EVERYTHING)
        if role is None:
            role = Role.build_in(name, default, now=now)
        else:
            role.offer(default, now=now)
        await work.roles.save(role, by=SYSTEM)

    async def _get(self, work: IdentityWork, name: str) -> Role:
        role = await work.roles.named(name)
        if role is None:
            raise RoleNotFound("There is no role of this name.", path=NAME)
        return role

    def _require(self, by: Actor, verb: Verb) -> None:
        if self._policy.reach(by, verb, TYPE) is not Reach.ALL:
            raise NotAllowed(f"Your role may not {verb.lower()} roles.", path=("input",))

    async def _require_power(self, work: IdentityWork, role: Role, by: Actor) -> None:
        if not await work.roles.has_power_over(by, role.rights):
            raise NotAllowed("This role may do more than yours.", path=NAME)
