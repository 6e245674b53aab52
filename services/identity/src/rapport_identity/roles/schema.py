"""Roles in GraphQL: translate, call, translate."""

import strawberry

from rapport_identity.context import Info
from rapport_identity.roles import inputs, model
from rapport_identity.roles.inputs import CreateRoleInput, DeleteRoleInput, UpdateRoleInput
from rapport_identity.roles.types import Role
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given


@strawberry.type(description="The role after a change, or what is wrong.")
class RolePayload:
    """Payload of every role mutation."""

    role: Role | None = strawberry.field(default=None, description="The role as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, role: model.Role) -> "RolePayload":
        """The payload of success."""
        return cls(role=Role.from_model(role))


@strawberry.type
class RoleQuery:
    """Reading roles."""

    @strawberry.field(description="Every role, by name.")
    async def roles(self, info: Info) -> list[Role]:
        """All."""
        return [Role.from_model(role) for role in await info.context.roles.all(by=info.context.actor)]

    @strawberry.field(description="One role; null where there is none of this name.")
    async def role(self, info: Info, name: str) -> Role | None:
        """By name."""
        found = await info.context.role_by_name.load(name)
        return None if found is None else Role.from_model(found)


@strawberry.type
class RoleMutation:
    """Changing roles."""

    @mutation("Make a new role.")
    async def create_role(self, info: Info, input: CreateRoleInput) -> RolePayload:
        """Create."""
        grants, fields = inputs.grants_of(input.grants), inputs.fields_of(given(input.field_rights))
        made = await info.context.roles.create(input.name, input.label, grants, fields, by=info.context.actor)
        return RolePayload.of(made)

    @mutation("Change what a role may do.")
    async def update_role(self, info: Info, input: UpdateRoleInput) -> RolePayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.roles.update(
            input.name, inputs.changes(input), expected_version=expected, by=info.context.actor
        )
        return RolePayload.of(changed)

    @mutation("Take a role away that nobody has.")
    async def delete_role(self, info: Info, input: DeleteRoleInput) -> RolePayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.roles.delete(input.name, expected_version=expected, by=info.context.actor)
        return RolePayload.of(gone)
