"""Relay connections."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import strawberry

from rapport_shared.mongo.paging import Page

T = TypeVar("T")
M = TypeVar("M")


@strawberry.federation.type(shareable=True, description="Where a page stands in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether records follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether records precede this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first record of the page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last record of the page.")

    @classmethod
    def of(cls, page: Page[M]) -> "PageInfo":
        """Where that page stands."""
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )


@strawberry.type(description="A record in a list.")
class Edge(Generic[T]):
    """Relay's edge."""

    node: T = strawberry.field(description="The record.")
    cursor: str = strawberry.field(description="Where the record stands; give it as `after` or `before`.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection; the total is counted only where it is asked for."""

    edges: list[Edge[T]] = strawberry.field(description="The records of the page with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The records of the page.")
    def nodes(self) -> list[T]:
        """The edges' nodes."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="How many records the whole list has.")
    async def total_count(self) -> int:
        """Count now."""
        return await self.count()


def connection_of(page: Page[M], to_node: Callable[[M], T], count: Callable[[], Awaitable[int]]) -> Connection[T]:
    """The page as a connection; ``count`` is called only where ``totalCount`` is selected."""
    edges = [Edge(node=to_node(item), cursor=cursor) for item, cursor in zip(page.items, page.cursors, strict=True)]
    return Connection(edges=edges, page_info=PageInfo.of(page), count=count)
