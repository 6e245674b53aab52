"""Conditions on customers that a plain comparison would scan for: answered in another way, or refused."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from strawberry import UNSET

from rapport_customers.custom_fields.errors import QueryNeedsIndex
from rapport_customers.customers.search import FIELDS as SEARCHED
from rapport_customers.customers.search import contains_condition
from rapport_shared.graphql.filters import Field, conditions_on
from rapport_shared.mongo import Document, every

_PLAIN: Final = ("source", "industry", "tier")


def _searched(field: str) -> Callable[[Any], Document]:
    """``contains`` goes by what the field is found by: the beginning of a word, any part of Chinese or a number."""

    def condition(given: Any) -> Document:
        text = given.contains
        if text is UNSET or text is None:
            return every(*conditions_on(field, given))
        others = conditions_on(field, dataclasses.replace(given, contains=UNSET))
        return every(*others, contains_condition(field, text))

    return condition


def _compared(field: str) -> Callable[[Any], Document]:
    """``contains`` is refused: raises QueryNeedsIndex."""

    def condition(given: Any) -> Document:
        if given.contains is not UNSET:
            raise QueryNeedsIndex(f"No index says which customers have a {field} that contains this; use eq or in.")
        return every(*conditions_on(field, given))

    return condition


def _by_rank(given: Any) -> Document:
    """Priorities are indexed by their rank."""
    if isinstance(given.in_, list):
        given = dataclasses.replace(given, in_=[each.rank for each in given.in_])
    if given.eq is not UNSET and given.eq is not None:
        given = dataclasses.replace(given, eq=given.eq.rank)
    return every(*conditions_on("priority_rank", given))


INDEXED: Final[Mapping[str, Field]] = {
    **{field: _searched(field) for field in SEARCHED},
    **{field: _compared(field) for field in _PLAIN},
    "priority": _by_rank,
}
"""By attribute of the filter."""
