"""Batches what one request asks for, so that the number of database calls does not grow with the page size."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from strawberry.dataloader import DataLoader

from rapport_shared.actor import Actor
from rapport_shared.mongo.paging import Page, PageRequest

M = TypeVar("M")
EMPTY: Page[Any] = Page([], [], has_next=False, has_previous=False)


def by_id(find_many: Callable[[Sequence[str]], Awaitable[Mapping[str, M]]]) -> DataLoader[str, M | None]:
    """Loads single records; nothing is remembered, for a context lives as long as its WebSocket."""

    async def load(identifiers: list[str]) -> list[M | None]:
        found = await find_many(identifiers)
        return [found.get(identifier) for identifier in identifiers]

    return DataLoader(load, cache=False)


@dataclass(frozen=True, slots=True)
class _Ask:
    parent_id: str
    condition: dict[str, Any]
    request: PageRequest | None

    @property
    def group(self) -> str:
        return repr((self.condition, self.request))


class NestedLists(Generic[M]):
    """The same list below many parents: one query for all pages, one for all counts."""

    def __init__(
        self,
        pages: Callable[[Sequence[str], dict[str, Any], PageRequest], Awaitable[Mapping[str, Page[M]]]],
        counts: Callable[[Sequence[str], dict[str, Any]], Awaitable[Mapping[str, int]]],
    ) -> None:
        self._load_pages = pages
        self._load_counts = counts
        self._pages: DataLoader[_Ask, Page[M]] = DataLoader(self._batch_pages, cache=False)
        self._counts: DataLoader[_Ask, int] = DataLoader(self._batch_counts, cache=False)

    async def page(self, parent_id: str, condition: dict[str, Any], request: PageRequest) -> Page[M]:
        """The page below one parent."""
        return await self._pages.load(_Ask(parent_id, condition, request))

    async def count(self, parent_id: str, condition: dict[str, Any]) -> int:
        """How many records the list below one parent has."""
        return await self._counts.load(_Ask(parent_id, condition, None))

    async def _batch_pages(self, asks: list[_Ask]) -> list[Page[M]]:
        answers: dict[tuple[str, str], Page[M]] = {}
        for group, members in _grouped(asks).items():
            request = members[0].request
            if request is None:
                continue
            pages = await self._load_pages([ask.parent_id for ask in members], members[0].condition, request)
            answers.update({(group, parent): page for parent, page in pages.items()})
        return [answers.get((ask.group, ask.parent_id), EMPTY) for ask in asks]

    async def _batch_counts(self, asks: list[_Ask]) -> list[int]:
        answers: dict[tuple[str, str], int] = {}
        for group, members in _grouped(asks).items():
            counts = await self._load_counts([ask.parent_id for ask in members], members[0].condition)
            answers.update({(group, parent): count for parent, count in counts.items()})
        return [answers.get((ask.group, ask.parent_id), 0) for ask in asks]


class NestedReads(Protocol[M]):
    """Reads of one noun below many parents, each in one query."""

    async def nested_pages(
        self,
        parents: str,
        parent_field: str,
        parent_ids: Sequence[str],
        condition: dict[str, Any],
        request: PageRequest,
        *,
        by: Actor,
    ) -> Mapping[str, Page[M]]:
        """A page below each parent."""

    async def nested_counts(
        self, parent_field: str, parent_ids: Sequence[str], condition: dict[str, Any], *, by: Actor
    ) -> Mapping[str, int]:
        """How many records each parent has."""


def lists_below(records: NestedReads[M], parents: str, parent_field: str, actor: Callable[[], Actor]) -> NestedLists[M]:
    """The records whose ``parent_field`` names a record of the collection ``parents``, as far as the actor reaches."""

    async def pages(identifiers: Sequence[str], condition: dict[str, Any], request: PageRequest) -> Any:
        return await records.nested_pages(parents, parent_field, identifiers, condition, request, by=actor())

    async def counts(identifiers: Sequence[str], condition: dict[str, Any]) -> Any:
        return await records.nested_counts(parent_field, identifiers, condition, by=actor())

    return NestedLists(pages, counts)


def _grouped(asks: list[_Ask]) -> dict[str, list[_Ask]]:
    groups: dict[str, list[_Ask]] = defaultdict(list)
    for ask in asks:
        groups[ask.group].append(ask)
    return groups
