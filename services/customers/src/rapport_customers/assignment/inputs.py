"""The inputs of assignment rules."""

import strawberry

from rapport_customers.assignment.model import SELLERS, AssignmentRule
from rapport_customers.rules.inputs import CustomerRuleInput, stored_rule
from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, given, optional


@strawberry.input(description="An assignment rule: to a user, to a team's members in turn, or else to the pool.")
class AssignmentRuleInput:
    """Fields of a rule."""

    key: str = strawberry.field(description="Its name for programs: capital letters, digits, underscores.")
    name: str = strawberry.field(description="Its name for people.")
    rule: CustomerRuleInput | None = optional("What has to be true of a new customer; any customer where not given.")
    user_id: strawberry.ID | None = optional("Who gets them, as long as they are active.")
    team_id: strawberry.ID | None = optional("The team whose active members get them one after the other.")
    roles: list[str] | None = optional("The roles of the team's members whose turn it can be: SALES where not given.")

    def to_model(self) -> AssignmentRule:
        """As the model knows it."""
        rule, roles = given(self.rule), given(self.roles)
        user_id, team_id = given(self.user_id), given(self.team_id)
        return AssignmentRule(
            key=self.key,
            name=self.name,
            rule=None if rule is None else stored_rule(rule),
            user_id=None if user_id is None else str(user_id),
            team_id=None if team_id is None else str(team_id),
            roles=SELLERS if roles is None else tuple(roles),
        )


@strawberry.input(description="The assignment rules that there are to be.")
class SetAssignmentRulesInput:
    """Fields of setAssignmentRules."""

    rules: list[AssignmentRuleInput] = strawberry.field(
        description="In the order in which they are asked, at most 100: the first that fits and finds somebody decides."
    )
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)
