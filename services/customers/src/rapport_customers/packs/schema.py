"""Packs in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.packs.model import IndustryPack
from rapport_shared.graphql.errors import UserError, mutation

Pack = strawberry.enum(IndustryPack, name="IndustryPack", description="The lines of business that there are packs for.")


@strawberry.input(description="A pack to install.")
class InstallIndustryPackInput:
    """Fields of installIndustryPack."""

    pack: IndustryPack = strawberry.field(description="Which.")


@strawberry.type(description="What a pack has added, or what is wrong.")
class InstallIndustryPackPayload:
    """Payload of installIndustryPack."""

    fields: list[str] = strawberry.field(default_factory=list, description="The keys of the new custom fields.")
    tags: list[str] = strawberry.field(default_factory=list, description="The names of the new tags.")
    tiers: list[str] = strawberry.field(
        default_factory=list, description="The keys of the tiers, where there were none before."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class PackMutation:
    """Installing packs."""

    @mutation("Add the custom fields, tags and tiers of a line of business; what is there already stays as it is.")
    async def install_industry_pack(self, info: Info, input: InstallIndustryPackInput) -> InstallIndustryPackPayload:
        """Install."""
        made = await info.context.packs.install(input.pack, by=info.context.actor)
        return InstallIndustryPackPayload(fields=list(made.fields), tags=list(made.tags), tiers=list(made.tiers))
