"""Customers in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.consents.types import Consent
from rapport_customers.contacts.schema import CustomerContacts
from rapport_customers.context import Info
from rapport_customers.custom_fields.types import CustomerCustomFields
from rapport_customers.customers import model
from rapport_customers.customers.facts import CustomerFacts
from rapport_customers.customers.inputs import (
    LISTING,
    CreateCustomerInput,
    DeleteCustomerInput,
    RestoreCustomerInput,
    UpdateCustomerInput,
    customer_details,
)
from rapport_customers.customers.search import best_first
from rapport_customers.deals.types import CustomerDeals
from rapport_customers.duplicates.types import CustomerDuplicates
from rapport_customers.history.schema import CustomerHistory
from rapport_customers.lifecycle.schema import CustomerLifecycle
from rapport_customers.merges.types import CustomerMerges
from rapport_customers.needs.schema import CustomerNeeds
from rapport_customers.orders.schema import CustomerOrders
from rapport_customers.profile.model import disclosure
from rapport_customers.profile.schema import CustomerProfiles
from rapport_customers.segments.types import CustomerSegments
from rapport_customers.tags.inputs import AddTagsInput, RemoveTagsInput
from rapport_customers.tags.model import TagChange
from rapport_customers.tags.types import CustomerTags
from rapport_customers.transfers.types import CustomerTransfers
from rapport_shared.contracts.customers import (
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerCreated,
    CustomerDeleted,
    CustomerErased,
    CustomerMerged,
    CustomerRestored,
    CustomerTierChanged,
    CustomerUnmerged,
    CustomerUpdated,
)
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.money import Money
from rapport_shared.graphql.scalars import DateTime

_ABOUT_THE_CHANGE = frozenset({"occurred_at"})
EVENTS = (
    CustomerCreated,
    CustomerUpdated,
    CustomerDeleted,
    CustomerRestored,
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerErased,
    CustomerMerged,
    CustomerUnmerged,
    CustomerTierChanged,
)


@strawberry.federation.type(keys=["id"], description="A person or company that the company deals with.")
class Customer(
    CustomerCustomFields,
    CustomerTags,
    CustomerSegments,
    CustomerLifecycle,
    CustomerProfiles,
    CustomerNeeds,
    CustomerTransfers,
    CustomerContacts,
    CustomerDeals,
    CustomerOrders,
    CustomerHistory,
    CustomerDuplicates,
    CustomerMerges,
):
    """The GraphQL form of a customer."""

    id: strawberry.ID = strawberry.field(description="Its id, `cus_…`.")
    kind: model.CustomerKind = strawberry.field(description="A person or a company.")
    name: str = strawberry.field(description="The full name.")
    phone: str | None = strawberry.field(description="In E.164, such as +8613812345678.")
    email: str | None = strawberry.field(description="The mail address.")
    source: str | None = strawberry.field(description="Where the customer came from.")
    stage: model.CustomerStage = strawberry.field(description="Where the customer stands.")
    stage_since: DateTime = strawberry.field(description="When it came to its stage.")
    priority: model.CustomerPriority = strawberry.field(description="How much it matters now.")
    pooled_at: DateTime | None = strawberry.field(description="Since when nobody looks after it.")
    last_owner_id: strawberry.ID | None = strawberry.field(description="Who looked after it before, if anybody.")
    owner_id: strawberry.ID | None = strawberry.field(description="The id of who looks after the customer.")
    assigned_rule: str | None = strawberry.field(
        description="The key of the assignment rule that chose the first owner; null where none did."
    )
    tier: str | None = strawberry.field(description="The key of its tier: how much it is worth, as a rule says.")
    external_id: str | None = strawberry.field(description="The id in another system.")
    wechat: str | None = strawberry.field(description="Of a person: the WeChat id.")
    industry: str | None = strawberry.field(description="Of a company: what it does.")
    company_size: str | None = strawberry.field(description="Of a company: how large it is.")
    contact_person: str | None = strawberry.field(description="Of a company: whom one talks to first.")
    order_count: int = strawberry.field(description="How many orders were neither cancelled nor paid back.")
    facts: strawberry.Private[CustomerFacts]
    days_between_orders: int | None = strawberry.field(
        description="How many whole days lie between two of them on average."
    )
    last_interaction_at: DateTime | None = strawberry.field(description="When somebody last spoke with the customer.")
    open_tasks: int = strawberry.field(description="How many tasks about it are neither done nor cancelled.")
    first_order_at: DateTime | None = strawberry.field(description="When the first of them was.")
    last_order_at: DateTime | None = strawberry.field(description="When the last of them was.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    deleted_at: DateTime | None = strawberry.field(description="When it was put away.")
    erased_at: DateTime | None = strawberry.field(description="When everything personal about it was erased.")
    consents: list[Consent] = strawberry.field(description="The customer's last word on each purpose.")
    merged_ids: list[strawberry.ID] = strawberry.field(description="The ids of customers that were merged into it.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    hidden_fields: list[str] = hidden_fields_of("Customer")

    @strawberry.field(
        description="What these orders came to, one sum a currency; null where you may not read all of them or totals."
    )
    def spend(self, info: Info) -> list[Money] | None:
        """What a sum is made of decides who may read it."""
        context = info.context
        told = disclosure(context.directory.policy, context.actor, self.owner_id)
        if not (told.orders and told.totals):
            return None
        return [Money.from_model(amount) for amount in self.facts.spent]

    @strawberry.field(description="Who looks after the customer.")
    def owner(self) -> "User | None":
        """A reference to the identity service's user."""
        return None if self.owner_id is None else User(id=self.owner_id)

    @classmethod
    def from_model(cls, customer: model.Customer) -> "Customer":
        """The public form."""
        facts = customer.facts
        return cls(
            id=strawberry.ID(customer.id),
            kind=customer.kind,
            name=customer.name,
            phone=customer.phone,
            email=customer.email,
            source=customer.source,
            stage=customer.stage,
            stage_since=DateTime(customer.stage_since),
            priority=customer.priority,
            pooled_at=None if customer.pooled_at is None else DateTime(customer.pooled_at),
            transfer_id=customer.transfer_id,
            last_owner_id=None if customer.last_owner_id is None else strawberry.ID(customer.last_owner_id),
            owner_id=None if customer.owner_id is None else strawberry.ID(customer.owner_id),
            assigned_rule=customer.assigned_rule,
            by_hand=customer.tags,
            by_rule=customer.rule_tags,
            tag_times=customer.tag_times,
            known=customer,
            tier=customer.tier,
            external_id=customer.external_id,
            stored_custom=customer.custom,
            wechat=customer.wechat,
            industry=customer.industry,
            company_size=customer.company_size,
            contact_person=customer.contact_person,
            order_count=facts.order_count,
            facts=facts,
            days_between_orders=facts.days_between_orders,
            last_interaction_at=None if facts.last_interaction_at is None else DateTime(facts.last_interaction_at),
            open_tasks=facts.open_tasks,
            first_order_at=None if facts.first_order_at is None else DateTime(facts.first_order_at),
            last_order_at=None if facts.last_order_at is None else DateTime(facts.last_order_at),
            created_at=DateTime(customer.created_at),
            updated_at=DateTime(customer.updated_at),
            deleted_at=None if customer.deleted_at is None else DateTime(customer.deleted_at),
            erased_at=None if customer.erased_at is None else DateTime(customer.erased_at),
            consents=[Consent.from_model(consent) for consent in customer.consents],
            merged_ids=[strawberry.ID(each) for each in customer.merged_ids],
            version=customer.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Customer | None":
        """The customer of a representation, unless it is out of reach."""
        found = await info.context.customer_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.federation.type(keys=["id"], description="A staff user; identity owns it.")
class User:
    """What this service adds to a user."""

    id: strawberry.ID = strawberry.field(description="The user's id.")

    @list_field("The customers that the user looks after.", LISTING)
    async def customers(self, info: Info, query: ListQuery) -> Connection[Customer]:
        """One query for any number of users."""
        return await nested_connection(info.context.customers_of_owner, str(self.id), query, Customer.from_model)


@strawberry.type(description="The customer after a change, or what is wrong.")
class CustomerPayload:
    """Payload of every customer mutation."""

    customer: Customer | None = strawberry.field(default=None, description="The customer as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, customer: model.Customer) -> "CustomerPayload":
        """The payload of success."""
        return cls(customer=Customer.from_model(customer))


@strawberry.type
class CustomerQuery:
    """Reading customers."""

    @strawberry.field(description="One customer; null where there is none, or none that you may see.")
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:
        """By id."""
        found = await info.context.customers.find(id, by=info.context.actor)
        return None if found is None else Customer.from_model(found)

    @list_field("The customers that you may see.", LISTING, best_first)
    async def customers(self, info: Info, query: ListQuery) -> Connection[Customer]:
        """A page."""
        service, by = info.context.customers, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Customer.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class CustomerMutation:
    """Changing customers."""

    @mutation("Make a new customer.")
    async def create_customer(self, info: Info, input: CreateCustomerInput) -> CustomerPayload:
        """Create."""
        key = given(input.idempotency_key)
        made = await info.context.customers.create(customer_details(input), idempotency_key=key, by=info.context.actor)
        return CustomerPayload.of(made)

    @mutation("Change a customer.")
    async def update_customer(self, info: Info, input: UpdateCustomerInput) -> CustomerPayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.customers.update(
            input.id, customer_details(input), expected_version=expected, by=info.context.actor
        )
        return CustomerPayload.of(changed)

    @mutation("Give tags to a customer.")
    async def add_tags(self, info: Info, input: AddTagsInput) -> CustomerPayload:
        """Give tags."""
        expected = given(input.expected_version)
        tagged = await info.context.customers.tag(
            input.id, input.change(), expected_version=expected, by=info.context.actor
        )
        return CustomerPayload.of(tagged)

    @mutation("Take tags from a customer; those that follow a rule go by it only.")
    async def remove_tags(self, info: Info, input: RemoveTagsInput) -> CustomerPayload:
        """Take tags."""
        expected, removed = given(input.expected_version), [str(each) for each in input.tag_ids]
        bare = await info.context.customers.tag(
            input.id, TagChange(removed=removed), expected_version=expected, by=info.context.actor
        )
        return CustomerPayload.of(bare)

    @mutation("Put a customer away; it can be restored.")
    async def delete_customer(self, info: Info, input: DeleteCustomerInput) -> CustomerPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.customers.delete(input.id, expected_version=expected, by=info.context.actor)
        return CustomerPayload.of(gone)

    @mutation("Bring a deleted customer back.")
    async def restore_customer(self, info: Info, input: RestoreCustomerInput) -> CustomerPayload:
        """Restore."""
        expected = given(input.expected_version)
        back = await info.context.customers.restore(input.id, expected_version=expected, by=info.context.actor)
        return CustomerPayload.of(back)
