"""Roles in MongoDB; few, each a document under its name."""

from dataclasses import asdict

from rapport_identity.roles.model import Defaults, Role
from rapport_identity.roles.values import ADMIN, covers
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.contracts.roles import DEFAULT_ROLES, role_rights
from rapport_shared.mongo import Document, every
from rapport_shared.persistence import AggregateRepository
from rapport_shared.rights import EVERYTHING, RoleRights, Scope

COLLECTION = "roles"


class RoleRepository(AggregateRepository[Role]):
    """One document a role, deleted ones included."""

    collection = COLLECTION
    noun = "role"

    async def named(self, name: str) -> Role | None:
        """The role, unless it is deleted."""
        found = await self.find(name, EVERYTHING)
        return None if found is None or found.deleted_at is not None else found

    async def all(self, scope: Scope) -> list[Role]:
        """The roles within reach, by name, without deleted ones."""
        found = self._documents.find(every({"deleted_at": None}, scope.filter()), session=self._session)
        return [self.from_document(document) for document in await found.sort("_id", 1).to_list(None)]

    async def rights(self, name: str) -> RoleRights | None:
        """What a role may do; None where there is no such role. The defaults hold until ``migrate`` has run."""
        found = await self.find(name, EVERYTHING)
        if found is None:
            return role_rights(DEFAULT_ROLES[name]) if name in DEFAULT_ROLES else None
        return None if found.deleted_at is not None else found.rights

    async def has_power_over(self, by: Actor, rights: RoleRights | None) -> bool:
        """Whether ``by`` may do all that the rights allow; administrators always count as such."""
        if by == SYSTEM or by.role == ADMIN or rights is None:
            return True
        return covers(await self.rights(by.role) or RoleRights(), rights)

    def to_document(self, aggregate: Role) -> Document:
        """The fields as they are."""
        return {
            "label": aggregate.label,
            "grants": aggregate.grants,
            "fields": aggregate.fields,
            "builtin": aggregate.builtin,
            "offered": asdict(aggregate.offered),
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
            "deleted_at": aggregate.deleted_at,
        }

    def from_document(self, document: Document) -> Role:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name != "_id"}
        return Role(id=document["_id"], **{**fields, "offered": Defaults(**fields["offered"])})
