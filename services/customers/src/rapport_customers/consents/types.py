"""The GraphQL type of a consent."""

import strawberry

from rapport_customers.consents import model
from rapport_customers.consents.inputs import Purpose
from rapport_shared.graphql.scalars import DateTime

__all__ = ["Consent", "Purpose"]


@strawberry.type(description="A customer's last word on one purpose.")
class Consent:
    """The GraphQL form of a consent."""

    purpose: model.ConsentPurpose = strawberry.field(description="To what.")
    granted: bool = strawberry.field(description="Whether the customer agrees; false where it withdrew.")
    at: DateTime = strawberry.field(description="Since when.")
    source: str = strawberry.field(description="Where it was said.")
    evidence: str | None = strawberry.field(description="What proves it.")
    recorded_by_id: strawberry.ID = strawberry.field(description="The id of who recorded it.")

    @classmethod
    def from_model(cls, consent: model.Consent) -> "Consent":
        """The public form."""
        return cls(
            purpose=consent.purpose,
            granted=consent.granted,
            at=DateTime(consent.at),
            source=consent.source,
            evidence=consent.evidence,
            recorded_by_id=strawberry.ID(consent.recorded_by),
        )
