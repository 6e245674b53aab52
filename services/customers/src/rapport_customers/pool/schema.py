"""The pool in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.model import Customer as CustomerModel
from rapport_customers.customers.model import CustomerKind, CustomerStage
from rapport_customers.customers.schema import CustomerPayload
from rapport_customers.pool import model
from rapport_customers.pool.inputs import LISTING, ClaimCustomerInput, ReleaseCustomerInput, UpdatePoolRulesInput
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="A customer in the pool: enough to decide whether to claim it, no more.")
class PoolCustomer:
    """The GraphQL form of a customer whom nobody looks after."""

    id: strawberry.ID = strawberry.field(description="The customer's id.")
    kind: CustomerKind = strawberry.field(description="A person or a company.")
    name: str = strawberry.field(description="The full name.")
    stage: CustomerStage = strawberry.field(description="Where the customer stands.")
    order_count: int = strawberry.field(description="How many orders there are.")
    pooled_at: DateTime | None = strawberry.field(description="Since when nobody looks after it.")
    last_owner_id: strawberry.ID | None = strawberry.field(description="Who looked after it before, if anybody.")

    @classmethod
    def from_model(cls, customer: CustomerModel) -> "PoolCustomer":
        """The public form."""
        return cls(
            id=strawberry.ID(customer.id),
            kind=customer.kind,
            name=customer.name,
            stage=customer.stage,
            order_count=customer.facts.order_count,
            pooled_at=None if customer.pooled_at is None else DateTime(customer.pooled_at),
            last_owner_id=None if customer.last_owner_id is None else strawberry.ID(customer.last_owner_id),
        )


@strawberry.type(description="The rules of the pool; null is for no limit.")
class PoolRules:
    """The GraphQL form of the rules."""

    max_held: int | None = strawberry.field(description="How many customers somebody who claims may look after.")
    max_claims_per_day: int | None = strawberry.field(description="How many customers somebody may claim a day (UTC).")
    reclaim_after_days: int = strawberry.field(description="How long the last owner of a customer may not claim it.")
    idle_days: int | None = strawberry.field(description="After how many days without anything a customer returns.")
    idle_stages: list[CustomerStage] = strawberry.field(description="The stages in which customers return.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, rules: model.PoolRules) -> "PoolRules":
        """The public form."""
        return cls(
            max_held=rules.max_held,
            max_claims_per_day=rules.max_claims_per_day,
            reclaim_after_days=rules.reclaim_after_days,
            idle_days=rules.idle_days,
            idle_stages=list(rules.idle_stages),
            version=rules.version,
        )


@strawberry.type(description="The rules of the pool after a change, or what is wrong.")
class PoolRulesPayload:
    """Payload of updatePoolRules."""

    rules: PoolRules | None = strawberry.field(default=None, description="As they stand now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, rules: model.PoolRules) -> "PoolRulesPayload":
        """The payload of success."""
        return cls(rules=PoolRules.from_model(rules))


@strawberry.type
class PoolQuery:
    """Reading the pool."""

    @list_field("The customers whom nobody looks after.", LISTING)
    async def pool(self, info: Info, query: ListQuery) -> Connection[PoolCustomer]:
        """A page."""
        service, by = info.context.pool, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, PoolCustomer.from_model, lambda: service.count(query.condition, by=by))

    @strawberry.field(description="The rules of the pool.")
    async def pool_rules(self, info: Info) -> PoolRules:
        """The one record."""
        return PoolRules.from_model(await info.context.pool.rules(by=info.context.actor))


@strawberry.type
class PoolMutation:
    """Claiming and giving back."""

    @mutation("Look after a customer of the pool from now on.")
    async def claim_customer(self, info: Info, input: ClaimCustomerInput) -> CustomerPayload:
        """Claim."""
        return CustomerPayload.of(await info.context.pool.claim(input.id, by=info.context.actor))

    @mutation("Give a customer to the pool.")
    async def release_customer(self, info: Info, input: ReleaseCustomerInput) -> CustomerPayload:
        """Release."""
        expected = given(input.expected_version)
        return CustomerPayload.of(
            await info.context.pool.release(input.id, expected_version=expected, by=info.context.actor)
        )

    @mutation("Change the rules of the pool.")
    async def update_pool_rules(self, info: Info, input: UpdatePoolRulesInput) -> PoolRulesPayload:
        """Update."""
        changes = details(input)
        if "idle_stages" in changes:
            changes["idle_stages"] = tuple(changes["idle_stages"] or ())
        changed = await info.context.pool.update_rules(
            changes, expected_version=given(input.expected_version), by=info.context.actor
        )
        return PoolRulesPayload.of(changed)
