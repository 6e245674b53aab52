"""Filters and sort keys by custom fields, as the database answers them: from an index, or not at all."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from strawberry import UNSET

from rapport_customers.custom_fields.definitions import Definitions
from rapport_customers.custom_fields.errors import (
    InvalidCustomValue,
    InvalidValueAsked,
    QueryNeedsIndex,
    UnknownCustomField,
    UnknownFieldAsked,
)
from rapport_customers.custom_fields.model import CustomField
from rapport_customers.custom_fields.tokens import PAIRS, amount_key, exact, words_key
from rapport_customers.custom_fields.values import CustomFieldType, ValueRules, checked
from rapport_customers.customers.search import terms
from rapport_shared.errors import BadInput
from rapport_shared.graphql.filters import MAX_VALUES
from rapport_shared.mongo import Document, Order, every

_RANGES: Final = {"gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte"}
_ORDERED: Final = frozenset({CustomFieldType.NUMBER, CustomFieldType.DATE, CustomFieldType.MONEY})
_MAX_CONDITIONS: Final = 20


@dataclass(frozen=True)
class CustomQueries:
    """What lists of one type can be asked by its custom fields, as of now."""

    definitions: Definitions

    def condition(self, given: list[Any]) -> Document:
        """The condition of a filter's ``custom``: all of its entries hold.

        Raises UnknownFieldAsked, InvalidValueAsked, and QueryNeedsIndex for a condition that no index answers.
        """
        if not 1 <= len(given) <= _MAX_CONDITIONS:
            raise BadInput(f"A filter has 1 to {_MAX_CONDITIONS} conditions on custom fields.")
        return every(*(part for entry in given for part in self._parts(entry)))

    def orders(self, key: str, *, descending: bool) -> tuple[Order, ...]:
        """The sort keys of a field. Raises UnknownFieldAsked, and QueryNeedsIndex where it is not sorted by."""
        field = self._field(key)
        if not field.sortable or not field.sort_ready:
            why = "its index is being built" if field.sortable else "define it as sortable"
            raise QueryNeedsIndex(f"Lists are not sorted by {key}: {why}.")
        return tuple(Order(path, descending) for path in field.sort_paths)

    def _field(self, key: str) -> CustomField:
        try:
            return self.definitions.field(key)
        except UnknownCustomField as unknown:
            raise UnknownFieldAsked(unknown.message) from None

    def _parts(self, entry: Any) -> list[Document]:
        field = self._field(entry.key)
        content = ((item.name, getattr(entry, item.name)) for item in dataclasses.fields(entry) if item.name != "key")
        asked = {name: value for name, value in content if value is not UNSET}
        if not asked or None in asked.values():
            raise BadInput(f"The condition on {field.key} says nothing; leave it out, or use isNull.")
        return [_OPERATORS[operator](field, operator, operand) for operator, operand in asked.items()]


NO_QUERIES: Final = CustomQueries(Definitions())
"""Of a type without custom fields."""


def _pair(key: str, condition: Any) -> Document:
    """A pair of the index; the field's own condition lets simple planners use the index as well."""
    return {f"{PAIRS}.k": key, PAIRS: {"$elemMatch": {"k": key, "v": condition}}}


def _stored(field: CustomField, operand: Any) -> Any:
    """An operand in stored form; a value may lie outside the field's limits, but has its type."""
    try:
        value = checked(field.key, ValueRules(type=field.rules.type, **_types(field)), operand)
    except InvalidCustomValue as wrong:
        raise InvalidValueAsked(wrong.message) from None
    if value is None:
        raise BadInput(f"The condition on {field.key} says nothing; use isNull.")
    return value


def _types(field: CustomField) -> Mapping[str, Any]:
    return {"options": field.rules.options, "references": field.rules.references}


def _equal(field: CustomField, _: str, operand: Any) -> Document:
    value = _stored(field, operand)
    if isinstance(value, Mapping):
        return _pair(amount_key(field.key, value["currency"]), value["amount"])
    return (
        every(*(_pair(field.key, item) for item in value))
        if isinstance(value, list)
        else _pair(field.key, exact(value))
    )


def _one_of(field: CustomField, _: str, operands: list[Any]) -> Document:
    if len(operands) > MAX_VALUES:
        raise BadInput(f"A filter may name {MAX_VALUES} values.")
    if not operands:
        return {"_id": {"$in": []}}
    values = [_stored(field, operand) for operand in operands]
    if field.rules.type is CustomFieldType.MONEY:
        return {"$or": [_pair(amount_key(field.key, value["currency"]), value["amount"]) for value in values]}
    flat = [exact(item) for value in values for item in (value if isinstance(value, list) else [value])]
    return _pair(field.key, {"$in": flat})


def _ranged(field: CustomField, operator: str, operand: Any) -> Document:
    if field.rules.type not in _ORDERED:
        raise QueryNeedsIndex(f"Values of {field.key} are not compared by more and less.")
    value = _stored(field, operand)
    if isinstance(value, Mapping):
        return _pair(amount_key(field.key, value["currency"]), {_RANGES[operator]: value["amount"]})
    return _pair(field.key, {_RANGES[operator]: value})


def _contains(field: CustomField, _: str, operand: Any) -> Document:
    wanted = terms(operand)
    if field.rules.type is not CustomFieldType.TEXT:
        raise QueryNeedsIndex(f"{field.key} is not looked into; use eq or in.")
    if not wanted:
        raise BadInput("What a text is to contain has letters or digits.")
    key = words_key(field.key)
    return every(*(_pair(key, {"$regex": f"^{re.escape(word)}"}) for word in wanted))


def _is_null(field: CustomField, _: str, operand: Any) -> Document:
    if operand:
        raise QueryNeedsIndex(f"No index says which records have no {field.key}; ask for those that have one.")
    return {f"{PAIRS}.k": field.key}


_OPERATORS: Final[Mapping[str, Callable[[CustomField, str, Any], Document]]] = {
    "eq": _equal,
    "in_": _one_of,
    **dict.fromkeys(_RANGES, _ranged),
    "contains": _contains,
    "is_null": _is_null,
}
