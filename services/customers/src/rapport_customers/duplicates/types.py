"""The GraphQL types of duplicates."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.duplicates import model, service
from rapport_customers.duplicates.model import Reason

if TYPE_CHECKING:
    from rapport_customers.customers.schema import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("rapport_customers.customers.schema")]
DuplicateReason = strawberry.enum(Reason, name="DuplicateReason", description="What two customers have in common.")


@strawberry.type(description="A customer that another one may be.")
class PossibleDuplicate:
    """The GraphQL form of a match."""

    customer: LazyCustomer = strawberry.field(description="The other customer.")
    score: int = strawberry.field(description="How sure it is, out of 100.")
    exact: bool = strawberry.field(description="Whether a phone number, mail address or company domain is the same.")
    reasons: list[model.Reason] = strawberry.field(description="What they have in common.")


@strawberry.type
class CustomerDuplicates:
    """What this noun adds to a customer."""

    id: strawberry.ID

    @strawberry.field(description="Who else among the customers that you see this may be, the likeliest first.")
    async def possible_duplicates(self, info: Info) -> list[PossibleDuplicate]:
        """Three queries for any number of customers."""
        found = await info.context.duplicates_of_customer.load(str(self.id))
        return [possible_duplicate(info, twin) for twin in found or []]


def possible_duplicate(info: Info, twin: service.Twin) -> PossibleDuplicate:
    """The public form."""
    match = twin.match
    customer: LazyCustomer = info.context.to_customer(twin.customer)
    return PossibleDuplicate(customer=customer, score=match.score, exact=match.exact, reasons=list(match.reasons))
