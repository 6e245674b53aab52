"""List fields: declared with what their lists can be asked, resolved with what was asked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.federation.schema_directives import ListSize
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from rapport_shared.contracts.roles import CUSTOM
from rapport_shared.errors import BadInput
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.field_rights import asked, check_asked, without_hidden
from rapport_shared.graphql.loaders import NestedLists
from rapport_shared.mongo import Order, PageRequest, page_request

M = TypeVar("M")
N = TypeVar("N")
MAX_SEARCH: Final = 200


def at_most(number: int) -> ListSize:
    """For a list without pages that the service keeps so short: what a gateway's estimate of costs goes by."""
    return ListSize(
        assumed_size=number, slicing_arguments=UNSET, sized_fields=UNSET, require_one_slicing_argument=UNSET
    )


@strawberry.enum(description="Which way a list is sorted.")
class SortDirection(Enum):
    """Directions."""

    ASC = strawberry.enum_value("ASC", description="From the least; absent values first.")
    DESC = strawberry.enum_value("DESC", description="From the greatest; absent values last.")


class SortKey(Protocol):
    """An order input: ``field`` is an enum of document fields."""

    @property
    def field(self) -> Enum:
        """The key."""

    @property
    def direction(self) -> SortDirection:
        """Which way."""


def order_of(key: SortKey) -> tuple[Order, ...]:
    """What a sort key goes by."""
    return (Order(str(key.field.value), descending=key.direction is SortDirection.DESC),)


@dataclass(frozen=True, slots=True)
class Listing:
    """What every list of one noun can be asked.

    ``condition`` makes the database condition of the filter input and the text searched for, either of which may be
    None; ``default_order`` holds where no order is asked for, and ``default_said`` says so to people. ``key_orders``
    makes sort keys of one order input. ``bound`` makes, of a request's context, the listing as of that request: for
    what can be asked only while the system runs, such as custom fields. ``completed`` looks up what a condition goes by
    and the records themselves do not have, such as the names of tags.
    """

    plural: str
    filter: type
    order: type
    condition: Callable[[Any, str | None], dict[str, Any]]
    default_order: tuple[Order, ...]
    default_said: str
    key_orders: Callable[[Any], tuple[Order, ...]] = order_of
    bound: Callable[[Any], Awaitable["Listing"]] | None = None

    async def now(self, context: Any, given: object, keys: Sequence[Any] | None = None) -> "Listing":
        """The listing as of a request, which goes by custom fields only where its filter or sort keys name some."""
        if self.bound is None or not any(name.startswith(CUSTOM) for name in asked(given, keys)):
            return self
        return await self.bound(context)

    completed: Callable[[Any, dict[str, Any]], Awaitable[dict[str, Any]]] | None = None

    @property
    def type_name(self) -> str:
        """The type of the records: ``CustomerFilter`` is the filter of ``Customer``."""
        return self.filter.__name__.removesuffix("Filter")

    async def asked(self, context: Any, given: object, search: str | None, hidden: frozenset[str]) -> dict[str, Any]:
        """The database condition of a filter and a text, without what is hidden. Raises BadInput, ForbiddenField."""
        condition = without_hidden(self.condition(given, searched(search)), hidden)
        return condition if self.completed is None else await self.completed(context, condition)


BestFirst = Callable[[str], Sequence[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list field was asked."""

    condition: dict[str, Any]
    page: PageRequest


def list_field(description: str, listing: Listing, best_first: BestFirst | None = None) -> Any:
    """A field with the arguments of a list; its resolver has one parameter for them all, ``query: ListQuery``.

    ``best_first`` ranks what a text is found in, where no order is asked for: it makes conditions of the text, of which
    each record counts by the first that it meets. Only ``AggregateRepository.page`` knows ranks.
    """
    return strawberry.field(description=description, extensions=[_ListArguments(listing, best_first)])


async def nested_connection(
    lists: NestedLists[M], parent_id: str, query: ListQuery, to_node: Callable[[M], N]
) -> Connection[N]:
    """The list below one of many parents, in one query for all of them."""
    page = await lists.page(parent_id, query.condition, query.page)
    return connection_of(page, to_node, lambda: lists.count(parent_id, query.condition))


def orders(keys: Sequence[Any] | None, listing: Listing) -> tuple[Order, ...]:
    """The sort keys of a list; its default where none is given."""
    if not keys:
        return listing.default_order
    return tuple(order for key in keys for order in listing.key_orders(key))


def searched(text: str | None) -> str | None:
    """What a list is searched for; None for nothing. Raises BadInput for a text that is too long."""
    if text is None or not text.strip():
        return None
    if len(text) > MAX_SEARCH:
        raise BadInput(f"A search has at most {MAX_SEARCH} characters.")
    return text


class _ListArguments(FieldExtension):
    """Replaces the resolver's ``query`` by the arguments that it stands for."""

    def __init__(self, listing: Listing, best_first: BestFirst | None) -> None:
        self._listing = listing
        self._best_first = best_first

    def apply(self, field: StrawberryField) -> None:
        """Give the field its arguments."""
        listing = self._listing
        ranked = "" if self._best_first is None else "; where a text is searched for, the best first"
        own = [argument for argument in field.arguments if argument.python_name != "query"]
        field.arguments = [
            *own,
            _argument("first", int | None, "How many records from the start: 20 by default, at most 100."),
            _argument("after", str | None, "Start behind this cursor."),
            _argument("last", int | None, "How many records from the end, at most 100."),
            _argument("before", str | None, "End in front of this cursor."),
            _argument("filter", listing.filter | None, f"Which {listing.plural}."),
            _argument("order_by", list[listing.order] | None, f"Sort keys; {listing.default_said}{ranked}."),  # type: ignore[name-defined]
            _argument("search", str | None, "Only records in which this text is found."),
        ]

    async def resolve_async(self, next_: Any, source: Any, info: strawberry.Info, **given: Any) -> Any:
        """Call the resolver with what was asked.

        Raises BadInput for what no list could answer, ForbiddenField for what is hidden from the caller.
        """
        ends = {name: given.pop(name, None) for name in ("first", "after", "last", "before")}
        filtered, keys = given.pop("filter", None), given.pop("order_by", None)
        listing = await self._listing.now(info.context, filtered, keys)
        hidden = info.context.fields(listing.type_name).hidden
        check_asked(hidden, given=filtered, order=keys)
        search = given.pop("search", None)
        condition = await listing.asked(info.context, filtered, search, hidden)
        ranks = [] if keys else self._ranks(searched(search), hidden)
        query = ListQuery(condition, page_request(**ends, order=orders(keys, listing), ranks=ranks))
        return await next_(source, info, query=query, **given)

    def _ranks(self, text: str | None, hidden: frozenset[str]) -> list[dict[str, Any]]:
        if self._best_first is None or text is None:
            return []
        return [without_hidden(condition, hidden) for condition in self._best_first(text)]


def _argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    return StrawberryArgument(name, None, StrawberryAnnotation(annotation), description=description, default=None)
