"""The inputs of tiers."""

import strawberry

from rapport_customers.rules.inputs import CustomerRuleInput, stored_rule
from rapport_customers.tiers.model import Tier
from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional


@strawberry.input(description="A tier.")
class TierInput:
    """Fields of a tier."""

    key: str = strawberry.field(description="Its name for programs: capital letters, digits, underscores.")
    name: str = strawberry.field(description="Its name for people.")
    rule: CustomerRuleInput = strawberry.field(description="What has to be true of its customers.")

    def to_model(self) -> Tier:
        """As the model knows it."""
        return Tier(key=self.key, name=self.name, rule=stored_rule(self.rule))


@strawberry.input(description="The tiers that there are to be.")
class SetTiersInput:
    """Fields of setTiers."""

    tiers: list[TierInput] = strawberry.field(
        description="From the highest, at most 20: a customer is of the first whose rule is true of it."
    )
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)
