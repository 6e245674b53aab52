"""Duplicates in GraphQL: translate, call, translate."""

from typing import Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.duplicates.service import Group
from rapport_customers.duplicates.types import LazyCustomer, PossibleDuplicate, possible_duplicate
from rapport_shared.mongo import Order, page_request


@strawberry.type(description="Customers that may be one: the oldest of them, and the others.")
class DuplicateGroup:
    """The GraphQL form of a group."""

    customer: LazyCustomer = strawberry.field(description="The oldest.")
    duplicates: list[PossibleDuplicate] = strawberry.field(description="Who may be the same.")

    @classmethod
    def from_model(cls, info: Info, group: Group) -> "DuplicateGroup":
        """The public form."""
        customer: LazyCustomer = info.context.to_customer(group.customer)
        return cls(customer=customer, duplicates=[possible_duplicate(info, twin) for twin in group.twins])


@strawberry.type(description="A part of the groups: as many as are led by the customers that were looked at.")
class DuplicateGroups:
    """A page."""

    nodes: list[DuplicateGroup] = strawberry.field(description="The groups; a page may have fewer than asked for.")
    cursor: str | None = strawberry.field(description="Give it as `after`; null on an empty page.")
    has_next_page: bool = strawberry.field(description="Whether there is more to look at.")


@strawberry.type
class DuplicateQuery:
    """Looking for duplicates."""

    @strawberry.field(
        description="Groups of customers that may be one, by the records and fields that you see: by phone number, "
        "mail address, company domain, or a like name and something else."
    )
    async def duplicate_groups(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many customers to look at.")] = None,
        after: Annotated[str | None, strawberry.argument(description="Go on behind this cursor.")] = None,
    ) -> DuplicateGroups:
        """Three queries."""
        request = page_request(first=first, after=after, last=None, before=None, order=(Order("_id"),))
        page = await info.context.duplicates.groups(request, by=info.context.actor)
        return DuplicateGroups(
            nodes=[DuplicateGroup.from_model(info, group) for group in page.items if group is not None],
            cursor=page.cursors[-1] if page.cursors else None,
            has_next_page=page.has_next,
        )
