"""Tiers in GraphQL: translate, call, translate."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from rapport_customers.context import Info
from rapport_customers.tiers import model
from rapport_customers.tiers.inputs import SetTiersInput
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="How much a customer is worth.")
class Tier:
    """The GraphQL form of a tier."""

    key: str = strawberry.field(description="Its name for programs.")
    name: str = strawberry.field(description="Its name for people.")
    rule: JSON = strawberry.field(description="What has to be true of its customers, as it was given.")


@strawberry.type(description="All tiers.")
class Tiers:
    """The GraphQL form of the tiers."""

    tiers: list[Tier] = strawberry.field(description="From the highest.")
    updated_at: DateTime | None = strawberry.field(description="When they last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, tiers: model.Tiers) -> "Tiers":
        """The public form."""
        return cls(
            tiers=[_tier(tier) for tier in tiers.tiers],
            updated_at=None if tiers.updated_at is None else DateTime(tiers.updated_at),
            version=tiers.version,
        )


@strawberry.type(description="The tiers after a change, or what is wrong.")
class TiersPayload:
    """Payload of setTiers."""

    tiers: Tiers | None = strawberry.field(default=None, description="The tiers as they stand now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, tiers: model.Tiers) -> "TiersPayload":
        """The payload of success."""
        return cls(tiers=Tiers.from_model(tiers))


@strawberry.type
class TiersQuery:
    """Reading tiers."""

    @strawberry.field(description="The tiers of customers; null for who may not see them.")
    async def tiers(self, info: Info) -> Tiers | None:
        """All of them."""
        found = await info.context.tiers.current(by=info.context.actor)
        return None if found is None else Tiers.from_model(found)


@strawberry.type
class TiersMutation:
    """Changing tiers."""

    @mutation("Say which tiers there are; for managers and marketing.")
    async def set_tiers(self, info: Info, input: SetTiersInput) -> TiersPayload:
        """Replace."""
        changed = await info.context.tiers.replace(
            [tier.to_model() for tier in input.tiers],
            expected_version=given(input.expected_version),
            by=info.context.actor,
        )
        return TiersPayload.of(changed)


def _tier(tier: model.Tier) -> Tier:
    rule: Any = tier.rule
    return Tier(key=tier.key, name=tier.name, rule=rule)
