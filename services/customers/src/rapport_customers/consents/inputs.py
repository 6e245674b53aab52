"""The inputs of consents."""

import strawberry

from rapport_customers.consents.model import ConsentPurpose
from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional
from rapport_shared.graphql.scalars import DateTime

Purpose = strawberry.enum(ConsentPurpose, name="ConsentPurpose", description="What a customer can agree to.")


@strawberry.input(description="A customer agrees to something.")
class GrantConsentInput:
    """Fields of grantConsent."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    purpose: ConsentPurpose = strawberry.field(description="To what.")
    source: str = strawberry.field(description="Where it was given, such as a form's name; 1 to 500 characters.")
    evidence: str | None = optional("What proves it, such as the address of a stored form.")
    occurred_at: DateTime | None = optional("When it was given: now, where not said.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A customer does not agree to something, or not any more.")
class WithdrawConsentInput:
    """Fields of withdrawConsent."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    purpose: ConsentPurpose = strawberry.field(description="To what.")
    source: str = strawberry.field(description="Where it was said, such as an unsubscribe link; 1 to 500 characters.")
    evidence: str | None = optional("What proves it.")
    occurred_at: DateTime | None = optional("When it was said: now, where not said.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)
