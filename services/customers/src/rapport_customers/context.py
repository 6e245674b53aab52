"""What the resolvers of this service have at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader

from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import CustomerService
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.loaders import NestedLists, by_id
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Page, PageRequest


@dataclass(kw_only=True)
class Context(RequestContext):
    """One request's context."""

    customers: CustomerService
    feed: ChangeFeed

    @cached_property
    def customer_by_id(self) -> DataLoader[str, Customer | None]:
        """Customers within the caller's reach."""
        return by_id(lambda identifiers: self.customers.find_many(identifiers, by=self.actor))

    @cached_property
    def customers_of_owner(self) -> NestedLists[Customer]:
        """The customers of many users."""

        async def pages(
            owners: Sequence[str], condition: dict[str, Any], request: PageRequest
        ) -> dict[str, Page[Customer]]:
            return await self.customers.owned_pages(owners, condition, request, by=self.actor)

        async def counts(owners: Sequence[str], condition: dict[str, Any]) -> dict[str, int]:
            return await self.customers.owned_counts(owners, condition, by=self.actor)

        return NestedLists(pages, counts)


Info = strawberry.Info[Context, None]
