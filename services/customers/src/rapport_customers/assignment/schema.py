"""Assignment rules in GraphQL: translate, call, translate."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from rapport_customers.assignment import model
from rapport_customers.assignment.inputs import SetAssignmentRulesInput
from rapport_customers.context import Info
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import at_most
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="Who gets new customers: a user, a team's members in turn, or with neither the pool.")
class AssignmentRule:
    """The GraphQL form of a rule."""

    key: str = strawberry.field(description="Its name for programs.")
    name: str = strawberry.field(description="Its name for people.")
    rule: JSON | None = strawberry.field(description="What has to be true of a new customer, as it was given.")
    user_id: strawberry.ID | None = strawberry.field(description="The user.")
    team_id: strawberry.ID | None = strawberry.field(description="The team.")
    roles: list[str] = strawberry.field(description="The roles of the team's members whose turn it can be.")

    @classmethod
    def from_model(cls, rule: model.AssignmentRule) -> "AssignmentRule":
        """The public form."""
        stored: Any = rule.rule
        return cls(
            key=rule.key,
            name=rule.name,
            rule=stored,
            user_id=None if rule.user_id is None else strawberry.ID(rule.user_id),
            team_id=None if rule.team_id is None else strawberry.ID(rule.team_id),
            roles=list(rule.roles),
        )


@strawberry.type(description="All assignment rules.")
class AssignmentRules:
    """The GraphQL form of the rules."""

    rules: list[AssignmentRule] = strawberry.field(
        description="In the order in which they are asked.", directives=[at_most(model.MAX_RULES)]
    )
    updated_at: DateTime | None = strawberry.field(description="When they last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, rules: model.AssignmentRules) -> "AssignmentRules":
        """The public form."""
        return cls(
            rules=[AssignmentRule.from_model(rule) for rule in rules.rules],
            updated_at=None if rules.updated_at is None else DateTime(rules.updated_at),
            version=rules.version,
        )


@strawberry.type(description="The assignment rules after a change, or what is wrong.")
class AssignmentRulesPayload:
    """Payload of setAssignmentRules."""

    rules: AssignmentRules | None = strawberry.field(default=None, description="As they stand now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, rules: model.AssignmentRules) -> "AssignmentRulesPayload":
        """The payload of success."""
        return cls(rules=AssignmentRules.from_model(rules))


@strawberry.type
class AssignmentQuery:
    """Reading the rules."""

    @strawberry.field(description="The rules that decide who looks after new customers.")
    async def assignment_rules(self, info: Info) -> AssignmentRules:
        """All of them."""
        return AssignmentRules.from_model(await info.context.assignment.current(by=info.context.actor))


@strawberry.type
class AssignmentMutation:
    """Changing the rules."""

    @mutation("Say who gets new customers for whom nobody was named; for managers.")
    async def set_assignment_rules(self, info: Info, input: SetAssignmentRulesInput) -> AssignmentRulesPayload:
        """Replace."""
        changed = await info.context.assignment.replace(
            [rule.to_model() for rule in input.rules],
            expected_version=given(input.expected_version),
            by=info.context.actor,
        )
        return AssignmentRulesPayload.of(changed)
