"""Keyset pages: a cursor holds the sort values of a record, so inserts, ties and nulls never shift a page."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from bson import json_util
from bson.errors import BSONError

from rapport_shared.errors import BadInput
from rapport_shared.mongo.client import Document
from rapport_shared.mongo.conditions import every

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
RANK = "_rank"
"""What the order of a ranked list begins with: a number that is not stored, 0 for the best."""
_JSON = json_util.JSONOptions(tz_aware=True)

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by one document field; null sorts before every value when ascending, as in MongoDB."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of a list in a total order (the last key is always ``_id``).

    With ``ranks`` it begins with the records that meet the first of these conditions, then come those that meet the
    next, and in the end those that meet none; ``order`` then begins with RANK.
    """

    size: int
    order: tuple[Order, ...]
    position: tuple[Any, ...] | None = None
    backward: bool = False
    ranks: tuple[Document, ...] = ()

    def by_rank(self) -> Iterator[tuple[int, Document, "PageRequest"]]:
        """The ranks to look through in the direction of walking: the number, whose it is, and what is asked there.

        Raises BadInput for a cursor without a rank.
        """
        start = None if self.position is None else self.position[0]
        if not isinstance(start, int | None):
            raise BadInput("The cursor is not one that this service made.")
        numbers = range(len(self.ranks) + 1)
        for number in reversed(numbers) if self.backward else numbers:
            if start is not None and (number > start if self.backward else number < start):
                continue
            here = None if self.position is None or number != start else self.position[1:]
            better = {"$nor": list(self.ranks[:number])} if number else {}
            meets = every(*self.ranks[number : number + 1], better)
            yield number, meets, PageRequest(self.size, self.order[1:], here, self.backward)

    def filter(self) -> Document:
        """Matches the records that come after the position, in the direction of walking."""
        if self.position is None:
            return {}
        alternatives: list[Document] = []
        equal: Document = {}
        for order, value in zip(self.order, self.position, strict=True):
            beyond = _beyond(order.field, value, descending=order.descending != self.backward)
            if beyond is not None:
                alternatives.append(every(equal, beyond))
            equal = {**equal, order.field: value}
        return {"$or": alternatives}

    def sort(self) -> dict[str, int]:
        """The sort of the query: reversed when walking backward."""
        return {order.field: -1 if order.descending != self.backward else 1 for order in self.order}

    def query(self, condition: Document) -> Document:
        """``condition`` and the position together."""
        return every(condition, self.filter())

    def cursor(self, document: Mapping[str, Any]) -> str:
        """The position of a record in this order, opaque to clients."""
        values = [_value(document, order.field) for order in self.order]
        return (
            base64.urlsafe_b64encode(json_util.dumps([_signature(self.order), values], json_options=_JSON).encode())
            .decode()
            .rstrip("=")
        )

    def page(self, found: Sequence[Document]) -> "Page[Document]":
        """Make the page from the records that the query found with a limit of ``size + 1``."""
        more = len(found) > self.size
        documents = list(found[: self.size])
        if self.backward:
            documents.reverse()
        return Page(
            items=documents,
            cursors=[self.cursor(document) for document in documents],
            has_next=self.position is not None if self.backward else more,
            has_previous=more if self.backward else self.position is not None,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list, in list order; ``cursors`` are parallel to ``items``."""

    items: list[T]
    cursors: list[str]
    has_next: bool
    has_previous: bool

    def of(self, items: list[U]) -> "Page[U]":
        """The same page with its items in another form."""
        return Page(items, self.cursors, self.has_next, self.has_previous)


@dataclass(frozen=True, slots=True)
class NestedPages:
    """The same page of many parents' children, in one aggregation on the parents' collection."""

    children: str
    parent_field: str
    request: PageRequest

    def pipeline(self, parent_ids: Sequence[str], condition: Document) -> list[Document]:
        """The aggregation; each result is ``{_id: parent, found: [...]}``; parents that do not exist are absent."""
        match = self.request.query(condition)
        page: list[Document] = [{"$match": match}] if match else []
        page += [{"$sort": self.request.sort()}, {"$limit": self.request.size + 1}]
        lookup = {"from": self.children, "localField": "_id", "foreignField": self.parent_field}
        return [
            {"$match": {"_id": {"$in": list(parent_ids)}}},
            {"$project": {"_id": 1}},
            {"$lookup": {**lookup, "pipeline": page, "as": "found"}},
        ]


def page_request(
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    order: Sequence[Order],
    ranks: Sequence[Document] | None = None,
) -> PageRequest:
    """Check Relay's arguments; raises BadInput for a size out of range, a mix of directions, or a foreign cursor."""
    if (first is not None or after is not None) and (last is not None or before is not None):
        raise BadInput("Use first with after, or last with before, not both.")
    backward = last is not None or before is not None
    asked = last if backward else first
    if asked is not None and not 0 <= asked <= MAX_PAGE_SIZE:
        raise BadInput(f"A page has at most {MAX_PAGE_SIZE} records; {asked} were asked for.")
    keys = (Order(RANK), *order) if ranks else tuple(order)
    if not any(key.field == "_id" for key in keys):
        keys = (*keys, Order("_id", descending=bool(keys) and keys[-1].descending))
    cursor = before if backward else after
    position = None if cursor is None else _read_cursor(cursor, keys)
    return PageRequest(DEFAULT_PAGE_SIZE if asked is None else asked, keys, position, backward, tuple(ranks or ()))


def _read_cursor(cursor: str, order: tuple[Order, ...]) -> tuple[Any, ...]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        signature, values = json_util.loads(base64.b64decode(padded, altchars=b"-_", validate=True), json_options=_JSON)
    except (binascii.Error, ValueError, TypeError, BSONError):
        raise BadInput("The cursor is not one that this service made.") from None
    if signature != _signature(order) or not isinstance(values, list) or len(values) != len(order):
        raise BadInput("The cursor belongs to a list in another order.")
    # A cursor comes from the client: nothing but plain values may reach the query.
    if not all(value is None or isinstance(value, str | int | float | bool | datetime) for value in values):
        raise BadInput("The cursor is not one that this service made.")
    return tuple(values)


def _value(document: Mapping[str, Any], field: str) -> Any:
    """The value at a path such as ``facts.order_count``; None where there is none."""
    value: Any = document
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _signature(order: tuple[Order, ...]) -> str:
    return ",".join(f"-{key.field}" if key.descending else key.field for key in order)


def _beyond(field: str, value: Any, *, descending: bool) -> Document | None:
    """Matches values that sort strictly after ``value``; None where nothing can."""
    if value is None:
        return None if descending else {field: {"$ne": None}}
    if descending:
        return {"$or": [{field: {"$lt": value}}, {field: None}]}
    return {field: {"$gt": value}}
