"""Contacts in GraphQL: translate, call, translate."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.contacts import model
from rapport_customers.contacts.inputs import (
    LISTING,
    CreateContactInput,
    DeleteContactInput,
    RestoreContactInput,
    UpdateContactInput,
)
from rapport_customers.context import Info
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime

if TYPE_CHECKING:
    from rapport_customers.customers.schema import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("rapport_customers.customers.schema")]


@strawberry.federation.type(keys=["id"], description="Somebody at a customer.")
class Contact:
    """The GraphQL form of a contact."""

    id: strawberry.ID = strawberry.field(description="Its id, `con_…`.")
    customer_id: strawberry.ID = strawberry.field(description="The customer's id.")
    name: str = strawberry.field(description="The full name.")
    title: str | None = strawberry.field(description="The job title.")
    phone: str | None = strawberry.field(description="In E.164, such as +8613812345678.")
    email: str | None = strawberry.field(description="The mail address.")
    role: model.DecisionRole | None = strawberry.field(description="The part in the customer's decisions.")
    custom_role: str | None = strawberry.field(description="More of that part, in the customer's words.")
    influence: model.Influence | None = strawberry.field(description="How much their word counts.")
    stance: model.Stance | None = strawberry.field(description="Where they stand towards us.")
    reports_to_id: strawberry.ID | None = strawberry.field(description="The id of whom they report to.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    deleted_at: DateTime | None = strawberry.field(description="When it was put away.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    hidden_fields: list[str] = hidden_fields_of("Contact")

    @strawberry.field(description="The customer; null where you may not see it.")
    async def customer(self, info: Info) -> LazyCustomer | None:
        """By id, batched."""
        node: LazyCustomer | None = await info.context.customer_node(str(self.customer_id))
        return node

    @strawberry.field(description="Whom they report to.")
    async def reports_to(self, info: Info) -> "Contact | None":
        """By id, batched."""
        if self.reports_to_id is None:
            return None
        found = await info.context.contact_by_id.load(str(self.reports_to_id))
        return None if found is None else Contact.from_model(found)

    @classmethod
    def from_model(cls, contact: model.Contact) -> "Contact":
        """The public form."""
        return cls(
            id=strawberry.ID(contact.id),
            customer_id=strawberry.ID(contact.customer_id),
            name=contact.name,
            title=contact.title,
            phone=contact.phone,
            email=contact.email,
            role=contact.role,
            custom_role=contact.custom_role,
            influence=contact.influence,
            stance=contact.stance,
            reports_to_id=None if contact.reports_to_id is None else strawberry.ID(contact.reports_to_id),
            created_at=DateTime(contact.created_at),
            updated_at=DateTime(contact.updated_at),
            deleted_at=None if contact.deleted_at is None else DateTime(contact.deleted_at),
            version=contact.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Contact | None":
        """The contact of a representation, unless it is out of reach."""
        found = await info.context.contact_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="Who decides at a customer.")
class DecisionChain:
    """The contacts with a part in decisions, and the parts that nobody has."""

    members: list[Contact] = strawberry.field(description="Who has a part, by name.")
    gaps: list[model.DecisionRole] = strawberry.field(
        description="Which of BUYER, TECH_EVALUATOR and APPROVER nobody is."
    )


@strawberry.type(description="The contact after a change, or what is wrong.")
class ContactPayload:
    """Payload of every contact mutation."""

    contact: Contact | None = strawberry.field(default=None, description="The contact as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, contact: model.Contact) -> "ContactPayload":
        """The payload of success."""
        return cls(contact=Contact.from_model(contact))


@strawberry.type
class CustomerContacts:
    """What contacts add to a customer."""

    id: strawberry.ID

    @list_field("The people at the customer.", LISTING)
    async def contacts(self, info: Info, query: ListQuery) -> Connection[Contact]:
        """One query for any number of customers."""
        return await nested_connection(info.context.contacts_of_customer, str(self.id), query, Contact.from_model)

    @strawberry.field(
        description="Who decides at the customer, as far as it is known; nobody where your role hides the parts."
    )
    async def decision_chain(self, info: Info) -> DecisionChain:
        """One query for any number of customers."""
        members = await info.context.chain_of_customer.load(str(self.id))
        hides = "role" in info.context.fields("Contact").hidden
        gaps = [] if hides else model.gaps({contact.role for contact in members})
        return DecisionChain(members=[Contact.from_model(contact) for contact in members], gaps=gaps)


@strawberry.type
class ContactQuery:
    """Reading contacts."""

    @strawberry.field(description="One contact; null where there is none, or none that you may see.")
    async def contact(self, info: Info, id: strawberry.ID) -> Contact | None:
        """By id."""
        found = await info.context.contacts.find(id, by=info.context.actor)
        return None if found is None else Contact.from_model(found)

    @list_field("The contacts that you may see.", LISTING)
    async def contacts(self, info: Info, query: ListQuery) -> Connection[Contact]:
        """A page."""
        service, by = info.context.contacts, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Contact.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class ContactMutation:
    """Changing contacts."""

    @mutation("Make a new contact of a customer.")
    async def create_contact(self, info: Info, input: CreateContactInput) -> ContactPayload:
        """Create."""
        made = await info.context.contacts.create(
            input.customer_id,
            details(input, apart=frozenset({"customer_id"})),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return ContactPayload.of(made)

    @mutation("Change a contact.")
    async def update_contact(self, info: Info, input: UpdateContactInput) -> ContactPayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.contacts.update(
            input.id, details(input), expected_version=expected, by=info.context.actor
        )
        return ContactPayload.of(changed)

    @mutation("Put a contact away; it can be restored.")
    async def delete_contact(self, info: Info, input: DeleteContactInput) -> ContactPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.contacts.delete(input.id, expected_version=expected, by=info.context.actor)
        return ContactPayload.of(gone)

    @mutation("Bring a deleted contact back.")
    async def restore_contact(self, info: Info, input: RestoreContactInput) -> ContactPayload:
        """Restore."""
        expected = given(input.expected_version)
        back = await info.context.contacts.restore(input.id, expected_version=expected, by=info.context.actor)
        return ContactPayload.of(back)
