"""What the resolvers of this service have at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader

from rapport_interactions.interactions.model import Interaction
from rapport_interactions.interactions.service import InteractionService
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.loaders import NestedLists, by_id
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Page, PageRequest
from rapport_shared.subject_data import SubjectReader


@dataclass(kw_only=True)
class Context(RequestContext):
    """One request's context."""

    interactions: InteractionService
    subject_reader: SubjectReader
    feed: ChangeFeed

    @cached_property
    def interaction_by_id(self) -> DataLoader[str, Interaction | None]:
        """Interactions within the caller's reach."""
        return by_id(lambda identifiers: self.interactions.find_many(identifiers, by=self.actor))

    @cached_property
    def interactions_of_customer(self) -> NestedLists[Interaction]:
        """The interactions of many customers."""

        async def pages(
            customers: Sequence[str], condition: dict[str, Any], request: PageRequest
        ) -> dict[str, Page[Interaction]]:
            return await self.interactions.customer_pages(customers, condition, request, by=self.actor)

        async def counts(customers: Sequence[str], condition: dict[str, Any]) -> dict[str, int]:
            return await self.interactions.customer_counts(customers, condition, by=self.actor)

        return NestedLists(pages, counts)


Info = strawberry.Info[Context, None]
