"""Roles as GraphQL types."""

import strawberry

from rapport_identity.context import Info
from rapport_identity.roles import (
    inputs,  # noqa: F401 - makes enums of verbs, reaches and field rights
    model,
)
from rapport_shared import rights
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="How far a verb goes for records of a type.")
class Grant:
    """One entry of a role's grants."""

    type: str = strawberry.field(description="A type of the schema, such as Customer.")
    verb: rights.Verb = strawberry.field(description="What is done.")
    reach: rights.Reach = strawberry.field(description="To which records.")


@strawberry.type(description="What may be done with a field of a type.")
class FieldRule:
    """One entry of a role's field rights."""

    type: str = strawberry.field(description="A type of the schema, such as Customer.")
    field: str = strawberry.field(description="A field of the type, such as phone.")
    right: rights.FieldRight = strawberry.field(description="What may be done with it.")


@strawberry.federation.type(keys=["name"], description="What those who have the role may do.")
class Role:
    """The GraphQL form of a role."""

    name: str = strawberry.field(description="Its name, such as SALES: what a user's `role` says.")
    label: str = strawberry.field(description="What people call it.")
    built_in: bool = strawberry.field(description="Whether it comes with Rapport; it can be edited, but not deleted.")
    grants: list[Grant] = strawberry.field(description="What is allowed; what is not named here is not.")
    field_rights: list[FieldRule] = strawberry.field(
        description="What may not be done with single fields; a field that is not named here may be written."
    )
    created_at: DateTime = strawberry.field(description="When the role was made.")
    updated_at: DateTime = strawberry.field(description="When it last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, role: model.Role) -> "Role":
        """The public form."""
        return cls(
            name=role.id,
            label=role.label,
            built_in=role.builtin,
            grants=[
                Grant(type=type_name, verb=rights.Verb(verb), reach=rights.Reach(reach))
                for type_name, verbs in role.grants.items()
                for verb, reach in verbs.items()
            ],
            field_rights=[
                FieldRule(type=type_name, field=field, right=rights.FieldRight(right))
                for type_name, rules in role.fields.items()
                for field, right in rules.items()
            ],
            created_at=DateTime(role.created_at),
            updated_at=DateTime(role.updated_at),
            version=role.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, name: str) -> "Role | None":
        """The role of a representation, unless it is out of reach."""
        found = await info.context.role_by_name.load(name)
        return None if found is None else cls.from_model(found)
