"""The inputs of how customers are handled."""

import strawberry

from rapport_customers.customers.model import CustomerStage
from rapport_customers.handling.model import Move
from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional


@strawberry.input(description="A move from one stage to another.")
class StageMoveInput:
    """One (from, to)."""

    from_: CustomerStage = strawberry.field(name="from", description="Where the customer stands.")
    to: CustomerStage = strawberry.field(description="Where it may come to.")

    def to_model(self) -> Move:
        """As the model has it."""
        return self.from_, self.to


@strawberry.input(description="Changes to how customers are handled: what is left out stays.")
class UpdateCustomerHandlingInput:
    """Fields of updateCustomerHandling."""

    expected_version: int | None = optional(EXPECTED_VERSION)
    moves: list[StageMoveInput] | None = optional("The moves between stages that people may make: the whole new list.")
    required_of_persons: list[list[str]] | None = optional(
        "What a person has: of each set of fields a value in one, such as [[phone, email, wechat], [source]]."
    )
    required_of_companies: list[list[str]] | None = optional(
        "What a company has, such as [[industry], [contactPerson], [companySize], [custom.taxNumber]]."
    )
    reason_required: list[str] | None = optional("Fields that are not changed without a reason, such as ownerId.")
    quiet_days: int | None = optional(
        "After how many days in which nobody spoke with a customer it is to be dealt with."
    )
    stage_days: int | None = optional("After how many days in LEAD, OPPORTUNITY or CHURN_RISK it is to be dealt with.")
    stale_days: int | None = optional("After how many days without a change, an order or a word a record is stale.")
    follows_facts: bool | None = optional("Whether orders and deals won bring customers to their stage by themselves.")
    reason: str | None = optional(REASON)
