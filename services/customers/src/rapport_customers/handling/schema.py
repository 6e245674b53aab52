"""How customers are handled, in GraphQL: translate, call, translate."""

from typing import Any

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.model import CustomerStage
from rapport_customers.handling import model
from rapport_customers.handling.inputs import UpdateCustomerHandlingInput
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import at_most
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="A move from one stage to another.")
class StageMove:
    """One (from, to)."""

    from_: CustomerStage = strawberry.field(name="from", description="Where the customer stands.")
    to: CustomerStage = strawberry.field(description="Where it may come to.")


@strawberry.type(description="How the company handles its customers.")
class CustomerHandling:
    """The GraphQL form of the settings."""

    moves: list[StageMove] = strawberry.field(
        description="The moves between stages that people may make.", directives=[at_most(model.MAX_MOVES)]
    )
    follows_facts: bool = strawberry.field(
        description="Whether a deal won and orders bring customers to CUSTOMER and REPEAT by themselves."
    )
    required_of_persons: list[list[str]] = strawberry.field(
        description="What a person has: of each set of fields a value in one."
    )
    required_of_companies: list[list[str]] = strawberry.field(
        description="What a company has: of each set of fields a value in one."
    )
    quiet_days: int = strawberry.field(
        description="After how many days in which nobody spoke with a customer it is to be dealt with."
    )
    stage_days: int = strawberry.field(
        description="After how many days in LEAD, OPPORTUNITY or CHURN_RISK a customer is to be dealt with."
    )
    stale_days: int = strawberry.field(
        description="After how many days without a change, an order or a word a record is stale."
    )
    reason_required: list[str] = strawberry.field(description="Fields that are not changed without a reason.")
    updated_at: DateTime | None = strawberry.field(description="When this last changed; null where it never did.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, handling: model.Handling) -> "CustomerHandling":
        """The public form."""
        return cls(
            moves=[StageMove(from_=stage, to=after) for stage, after in handling.moves],
            follows_facts=handling.follows_facts,
            required_of_persons=[list(fields) for fields in handling.required_of_persons],
            required_of_companies=[list(fields) for fields in handling.required_of_companies],
            quiet_days=handling.quiet_days,
            stage_days=handling.stage_days,
            stale_days=handling.stale_days,
            reason_required=list(handling.reason_required),
            updated_at=None if handling.updated_at is None else DateTime(handling.updated_at),
            version=handling.version,
        )


@strawberry.type(description="How customers are handled after a change, or what is wrong.")
class CustomerHandlingPayload:
    """Payload of updateCustomerHandling."""

    handling: CustomerHandling | None = strawberry.field(default=None, description="As it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, handling: model.Handling) -> "CustomerHandlingPayload":
        """The payload of success."""
        return cls(handling=CustomerHandling.from_model(handling))


@strawberry.type
class HandlingQuery:
    """Reading the settings."""

    @strawberry.field(description="How the company handles its customers.")
    async def customer_handling(self, info: Info) -> CustomerHandling:
        """The one record."""
        return CustomerHandling.from_model(await info.context.handling.current(by=info.context.actor))


@strawberry.type
class HandlingMutation:
    """Changing the settings."""

    @mutation("Change how the company handles its customers.")
    async def update_customer_handling(self, info: Info, input: UpdateCustomerHandlingInput) -> CustomerHandlingPayload:
        """Update."""
        changed = await info.context.handling.update(
            _changes(input), expected_version=given(input.expected_version), by=info.context.actor
        )
        return CustomerHandlingPayload.of(changed)


def _changes(input: UpdateCustomerHandlingInput) -> dict[str, Any]:
    """What is given, as the model has it; null says nothing, for nothing here can be absent."""
    changes = {name: value for name, value in details(input).items() if value is not None}
    if "moves" in changes:
        changes["moves"] = tuple(move.to_model() for move in changes["moves"])
    return changes
