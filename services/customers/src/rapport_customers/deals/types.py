"""The GraphQL types of deals, and what they add to a customer."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.contacts.model import Contact as ContactModel
from rapport_customers.contacts.model import DecisionRole, gaps
from rapport_customers.contacts.schema import Contact
from rapport_customers.context import Info
from rapport_customers.deals import lines, model
from rapport_customers.deals.inputs import LISTING
from rapport_customers.pipelines.schema import Pipeline
from rapport_shared.graphql.connections import Connection
from rapport_shared.graphql.errors import UserError
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.money import Money
from rapport_shared.graphql.scalars import DateTime

if TYPE_CHECKING:
    from rapport_customers.customers.schema import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("rapport_customers.customers.schema")]


@strawberry.type(description="What, how many, at which price.")
class Line:
    """The GraphQL form of a line."""

    product_id: strawberry.ID | None = strawberry.field(description="The product, where it is one of the catalogue.")
    name: str = strawberry.field(description="What it is called.")
    quantity: Decimal = strawberry.field(description="How many.")
    unit_price: Money = strawberry.field(description="What one of it costs.")
    total: Money = strawberry.field(description="The price of the line.")

    @classmethod
    def from_model(cls, line: lines.Line) -> "Line":
        """The public form."""
        return cls(
            product_id=None if line.product_id is None else strawberry.ID(line.product_id),
            name=line.name,
            quantity=line.quantity,
            unit_price=Money.from_model(line.unit_price),
            total=Money.from_model(line.total),
        )


@strawberry.type(description="A deal came to a stage.")
class StageEntry:
    """The GraphQL form of a stage entry."""

    stage: str = strawberry.field(description="The stage's key.")
    at: DateTime = strawberry.field(description="When.")
    by_id: strawberry.ID = strawberry.field(description="The id of who brought it there.")
    reason: str | None = strawberry.field(description="Why.")


@strawberry.type(description="Who has a part in the decision on a deal.")
class DealChainMember:
    """A contact and its part."""

    contact: Contact = strawberry.field(description="Who.")
    role: DecisionRole | None = strawberry.field(description="The part; null where your role hides it.")


@strawberry.type(description="Who decides on a deal.")
class DealDecisionChain:
    """The deal's own chain, or that of its customer."""

    own: bool = strawberry.field(description="Whether the deal names its own; else it is that of the customer.")
    members: list[DealChainMember] = strawberry.field(description="Who has a part, as far as you may see them.")
    gaps: list[DecisionRole] = strawberry.field(description="Which of BUYER, TECH_EVALUATOR and APPROVER nobody is.")


@strawberry.federation.type(keys=["id"], description="What may be sold to a customer.")
class Deal:
    """The GraphQL form of a deal."""

    id: strawberry.ID = strawberry.field(description="Its id, `dea_…`.")
    customer_id: strawberry.ID = strawberry.field(description="The id of whom it may be sold to.")
    name: str = strawberry.field(description="What it is about.")
    pipeline_id: strawberry.ID = strawberry.field(description="The id of its pipeline.")
    stage: str = strawberry.field(description="The key of its stage.")
    status: model.DealStatus = strawberry.field(description="Whether it is decided.")
    amount: Money | None = strawberry.field(description="What it is worth.")
    lines: list[Line] | None = strawberry.field(description="What may be sold.")
    expected_close_at: DateTime | None = strawberry.field(description="When it may be decided.")
    source: str | None = strawberry.field(description="Where it came from.")
    links: strawberry.Private[Sequence[model.ChainLink] | None]
    stages: list[StageEntry] = strawberry.field(description="The stages that it came to, oldest first.")
    closed_at: DateTime | None = strawberry.field(description="When it was decided.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    deleted_at: DateTime | None = strawberry.field(description="When it was put away.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    hidden_fields: list[str] = hidden_fields_of("Deal")

    @strawberry.field(description="Whom it may be sold to; null where you may not see the customer.")
    async def customer(self, info: Info) -> LazyCustomer | None:
        """By id, batched."""
        node: LazyCustomer | None = await info.context.customer_node(str(self.customer_id))
        return node

    @strawberry.field(description="Who decides on it: whom it names, or else who decides at the customer.")
    async def decision_chain(self, info: Info) -> DealDecisionChain:
        """One query for any number of deals."""
        context, links = info.context, self.links
        if links is None:
            contacts: list[ContactModel] = await context.chain_of_customer.load(str(self.customer_id))
            roles = {contact.id: contact.role for contact in contacts}
        else:
            found = await context.contact_by_id.load_many([link.contact_id for link in links])
            contacts = [contact for contact in found if contact is not None]
            roles = {link.contact_id: link.role for link in links}
        hides = "role" in context.fields("Contact").hidden
        members = [
            DealChainMember(contact=Contact.from_model(each), role=None if hides else roles[each.id])
            for each in contacts
        ]
        missing = [] if hides else gaps({roles[each.id] for each in contacts})
        return DealDecisionChain(own=links is not None, members=members, gaps=missing)

    @strawberry.field(description="Its pipeline.")
    async def pipeline(self, info: Info) -> Pipeline | None:
        """By id, batched."""
        found = await info.context.pipeline_by_id.load(str(self.pipeline_id))
        return None if found is None else Pipeline.from_model(found)

    @classmethod
    def from_model(cls, deal: model.Deal) -> "Deal":
        """The public form."""
        return cls(
            id=strawberry.ID(deal.id),
            customer_id=strawberry.ID(deal.customer_id),
            name=deal.name,
            pipeline_id=strawberry.ID(deal.pipeline_id),
            stage=deal.stage,
            status=deal.status,
            amount=None if deal.amount is None else Money.from_model(deal.amount),
            lines=[Line.from_model(line) for line in deal.lines],
            expected_close_at=None if deal.expected_close_at is None else DateTime(deal.expected_close_at),
            source=deal.source,
            links=deal.decision_chain,
            stages=[
                StageEntry(stage=entry.stage, at=DateTime(entry.at), by_id=strawberry.ID(entry.by), reason=entry.reason)
                for entry in deal.stages
            ],
            closed_at=None if deal.closed_at is None else DateTime(deal.closed_at),
            created_at=DateTime(deal.created_at),
            updated_at=DateTime(deal.updated_at),
            deleted_at=None if deal.deleted_at is None else DateTime(deal.deleted_at),
            version=deal.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Deal | None":
        """The deal of a representation, unless it is out of reach."""
        found = await info.context.deal_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The deal after a change, or what is wrong.")
class DealPayload:
    """Payload of every deal mutation."""

    deal: Deal | None = strawberry.field(default=None, description="The deal as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, deal: model.Deal) -> "DealPayload":
        """The payload of success."""
        return cls(deal=Deal.from_model(deal))


@strawberry.type
class CustomerDeals:
    """What deals add to a customer."""

    id: strawberry.ID

    @list_field("What may be sold to the customer.", LISTING)
    async def deals(self, info: Info, query: ListQuery) -> Connection[Deal]:
        """One query for any number of customers."""
        return await nested_connection(info.context.deals_of_customer, str(self.id), query, Deal.from_model)
