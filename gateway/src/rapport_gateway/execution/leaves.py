"""Leaf values as they may leave the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType

INT_LIMIT = 2**31


def leaf_check(leaf: GraphQLLeafType) -> Callable[[Any], Any] | None:
    """A function that gives the value to send, or None when it is not one of the type. None: anything goes."""
    if isinstance(leaf, GraphQLEnumType):
        return _enum(frozenset(leaf.values))
    return _BUILT_IN.get(leaf.name)


def _enum(names: frozenset[str]) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, str) and value in names else None


def _int(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and -INT_LIMIT <= value < INT_LIMIT else None


def _float(value: Any) -> Any:
    return value if type(value) in {int, float} else None


def _string(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _id(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else None


_BUILT_IN: dict[str, Callable[[Any], Any]] = {
    "Int": _int,
    "Float": _float,
    "String": _string,
    "Boolean": _boolean,
    "ID": _id,
}
