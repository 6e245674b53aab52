"""Interactions in GraphQL: translate, call, translate."""

import strawberry

from rapport_interactions.context import Info
from rapport_interactions.interactions import inputs, model
from rapport_interactions.interactions.inputs import (
    LISTING,
    DeleteInteractionInput,
    RecordInteractionInput,
    UpdateInteractionInput,
)
from rapport_shared.contracts.interactions import (
    InteractionDeleted,
    InteractionRecorded,
    InteractionUpdated,
)
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime

EVENTS = (InteractionRecorded, InteractionUpdated, InteractionDeleted)


@strawberry.federation.type(keys=["id"], description="A staff user; identity owns it.")
class User:
    """A reference."""

    id: strawberry.ID = strawberry.field(description="The user's id.")


@strawberry.federation.type(keys=["id"], description="A communication with a customer.")
class Interaction:
    """The GraphQL form of an interaction."""

    id: strawberry.ID = strawberry.field(description="Its id, `int_…`.")
    customer_id: strawberry.ID = strawberry.field(description="The id of the customer.")
    author_id: strawberry.ID = strawberry.field(description="The id of who wrote it.")
    channel: model.Channel = strawberry.field(description="The way by which one spoke.")
    occurred_at: DateTime = strawberry.field(description="When it happened.")
    participants: list[str] | None = strawberry.field(description="Who took part; null only where it is hidden.")
    content: str | None = strawberry.field(description="What was said; null only where it is hidden.")
    outcome: str | None = strawberry.field(description="What came of it.")
    intent: model.Intent | None = strawberry.field(description="How much the customer wants to buy.")
    next_follow_up_at: DateTime | None = strawberry.field(description="When to get in touch again.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    deleted_at: DateTime | None = strawberry.field(description="When it was taken off the record.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    hidden_fields: list[str] = hidden_fields_of("Interaction")

    @strawberry.field(description="The customer; null where it is deleted or not yours to see.")
    def customer(self) -> "Customer | None":
        """A reference to the customers service's customer."""
        return Customer(id=self.customer_id)

    @strawberry.field(description="Who wrote it.")
    def author(self) -> User | None:
        """A reference to the identity service's user."""
        return User(id=self.author_id)

    @classmethod
    def from_model(cls, interaction: model.Interaction) -> "Interaction":
        """The public form."""
        follow_up, deleted = interaction.next_follow_up_at, interaction.deleted_at
        return cls(
            id=strawberry.ID(interaction.id),
            customer_id=strawberry.ID(interaction.customer_id),
            author_id=strawberry.ID(interaction.author_id),
            channel=interaction.channel,
            occurred_at=DateTime(interaction.occurred_at),
            participants=list(interaction.participants),
            content=interaction.content,
            outcome=interaction.outcome,
            intent=interaction.intent,
            next_follow_up_at=None if follow_up is None else DateTime(follow_up),
            created_at=DateTime(interaction.created_at),
            updated_at=DateTime(interaction.updated_at),
            deleted_at=None if deleted is None else DateTime(deleted),
            version=interaction.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Interaction | None":
        """The interaction of a representation, unless it is out of reach."""
        found = await info.context.interaction_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.federation.type(keys=["id"], description="A person or company; customers owns it.")
class Customer:
    """What this service adds to a customer."""

    id: strawberry.ID = strawberry.field(description="The customer's id.")

    @list_field("What passed between the company and the customer.", LISTING)
    async def interactions(self, info: Info, query: ListQuery) -> Connection[Interaction]:
        """One query for any number of customers."""
        return await nested_connection(
            info.context.interactions_of_customer, str(self.id), query, Interaction.from_model
        )


@strawberry.type(description="The interaction after a change, or what is wrong.")
class InteractionPayload:
    """Payload of every interaction mutation."""

    interaction: Interaction | None = strawberry.field(default=None, description="The interaction as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, interaction: model.Interaction) -> "InteractionPayload":
        """The payload of success."""
        return cls(interaction=Interaction.from_model(interaction))


@strawberry.type
class InteractionQuery:
    """Reading interactions."""

    @strawberry.field(description="One interaction; null where there is none, or none that you may see.")
    async def interaction(self, info: Info, id: strawberry.ID) -> Interaction | None:
        """By id."""
        found = await info.context.interactions.find(id, by=info.context.actor)
        return None if found is None else Interaction.from_model(found)

    @list_field("The interactions that you may see.", LISTING)
    async def interactions(self, info: Info, query: ListQuery) -> Connection[Interaction]:
        """A page."""
        service, by = info.context.interactions, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Interaction.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class InteractionMutation:
    """Changing interactions."""

    @mutation("Put a communication with a customer on record.")
    async def record_interaction(self, info: Info, input: RecordInteractionInput) -> InteractionPayload:
        """Record."""
        key = given(input.idempotency_key)
        made = await info.context.interactions.record(
            input.customer_id, inputs.details(input), idempotency_key=key, by=info.context.actor
        )
        return InteractionPayload.of(made)

    @mutation("Change an interaction.")
    async def update_interaction(self, info: Info, input: UpdateInteractionInput) -> InteractionPayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.interactions.update(
            input.id, inputs.details(input), expected_version=expected, by=info.context.actor
        )
        return InteractionPayload.of(changed)

    @mutation("Take an interaction off the record.")
    async def delete_interaction(self, info: Info, input: DeleteInteractionInput) -> InteractionPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.interactions.delete(input.id, expected_version=expected, by=info.context.actor)
        return InteractionPayload.of(gone)
