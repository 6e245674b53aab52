"""The inputs of roles, and what they mean as grants and field rights."""

from collections.abc import Sequence
from typing import Any

import strawberry

from rapport_identity.roles.values import Fields, Grants, valid_fields, valid_grants, valid_label
from rapport_shared import rights
from rapport_shared.errors import BadInput
from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, given, optional

MAX_RULES = 2000

Verb = strawberry.enum(rights.Verb, name="Verb", description="What is done to a record.")
Reach = strawberry.enum(
    rights.Reach,
    name="Reach",
    description="How far a right goes: to nothing, one's own records, one's team's, those of the teams below too, all.",
)
FieldRight = strawberry.enum(
    rights.FieldRight,
    name="FieldRight",
    description="What may be done with a field: WRITE everything, READ no setting, MASK neither setting nor seeing.",
)


@strawberry.input(description="How far a verb goes for records of a type.")
class GrantInput:
    """One entry of a role's grants."""

    type: str = strawberry.field(description="A type of the schema, such as Customer.")
    verb: rights.Verb = strawberry.field(description="What is done.")
    reach: rights.Reach = strawberry.field(description="To which records.")


@strawberry.input(description="What may be done with a field of a type; a field that no rule names may be written.")
class FieldRightInput:
    """One entry of a role's field rights."""

    type: str = strawberry.field(description="A type of the schema, such as Customer.")
    field: str = strawberry.field(description="A field of the type, such as phone.")
    right: rights.FieldRight = strawberry.field(description="What may be done with it.")


@strawberry.input(description="A new role.")
class CreateRoleInput:
    """Fields of createRole."""

    name: str = strawberry.field(description="2 to 40 capital letters, digits and underscores; it never changes.")
    label: str = strawberry.field(description="What people call it, 1 to 100 characters.")
    grants: list[GrantInput] = strawberry.field(description="What is not granted is not allowed.")
    field_rights: list[FieldRightInput] | None = optional("What a user of the role may not do with single fields.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Changes to a role: what is left out stays. They hold everywhere within seconds.")
class UpdateRoleInput:
    """Fields of updateRole."""

    name: str = strawberry.field(description="The role.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    label: str | None = optional("What people call it.")
    grants: list[GrantInput] | None = optional("All its grants: the whole new list.")
    field_rights: list[FieldRightInput] | None = optional("All its field rights: the whole new list.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A role to take away; nobody may have it.")
class DeleteRoleInput:
    """Fields of deleteRole."""

    name: str = strawberry.field(description="The role.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


def grants_of(listed: Sequence[GrantInput]) -> Grants:
    """The grants that are listed."""
    return valid_grants((each.type, each.verb, each.reach) for each in _bounded(listed))


def fields_of(listed: Sequence[FieldRightInput] | None) -> Fields:
    """The field rights that are listed."""
    return valid_fields((each.type, each.field, each.right) for each in _bounded(listed or ()))


def changes(of: UpdateRoleInput) -> dict[str, Any]:
    """What an input sets, by attribute name; null is as good as left out."""
    label, grants, fields = given(of.label), given(of.grants), given(of.field_rights)
    named: dict[str, Any] = {} if label is None else {"label": valid_label(label)}
    if grants is not None:
        named["grants"] = grants_of(grants)
    return named if fields is None else {**named, "fields": fields_of(fields)}


def _bounded(listed: Sequence[Any]) -> Sequence[Any]:
    if len(listed) > MAX_RULES:
        raise BadInput(f"A role has at most {MAX_RULES} rules of a kind.")
    return listed
