"""Typed filters: inputs, and their meaning as a database condition or as a predicate on an event's state."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
from strawberry import UNSET

from rapport_shared.errors import BadInput
from rapport_shared.graphql.inputs import optional
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.money import MAX_AMOUNT, SCALE, scaled
from rapport_shared.mongo import every

E = TypeVar("E", bound=Enum)
Field = str | Callable[[Any], dict[str, Any]]
MAX_DEPTH = 8
MAX_VALUES = 1000


@strawberry.input(description="A condition on an identifier; all given operators hold.")
class IdFilter:
    """Conditions on ids."""

    eq: strawberry.ID | None = optional("Is this identifier.")
    in_: list[strawberry.ID] | None = optional("Is one of these identifiers; none for an empty list.", "in")
    is_null: bool | None = optional("Is absent (true) or present (false).")


@strawberry.input(description="A condition on a text; all given operators hold.")
class StringFilter:
    """Conditions on texts and lists of texts."""

    eq: str | None = optional("Is exactly this text.")
    in_: list[str] | None = optional("Is one of these texts; none for an empty list.", "in")
    contains: str | None = optional("Contains this text, in upper or lower case.")
    is_null: bool | None = optional("Is absent (true) or present (false).")


@strawberry.input(description="A condition on a date and time; all given operators hold.")
class DateTimeFilter:
    """Conditions on instants."""

    eq: DateTime | None = optional("Is this instant.")
    gt: DateTime | None = optional("Is after this instant.")
    gte: DateTime | None = optional("Is at or after this instant.")
    lt: DateTime | None = optional("Is before this instant.")
    lte: DateTime | None = optional("Is at or before this instant.")
    is_null: bool | None = optional("Is absent (true) or present (false).")


@strawberry.input(description="A condition on a whole number; all given operators hold.")
class IntFilter:
    """Conditions on whole numbers."""

    eq: int | None = optional("Is this number.")
    gt: int | None = optional("Is more than this.")
    gte: int | None = optional("Is at least this.")
    lt: int | None = optional("Is less than this.")
    lte: int | None = optional("Is at most this.")
    is_null: bool | None = optional("Is absent (true) or present (false).")


@strawberry.input(description="A condition on one of a fixed set of values; all given operators hold.")
class Filter(Generic[E]):
    """Conditions on enums; ``Filter[CustomerStage]`` is ``CustomerStageFilter`` in the schema."""

    eq: E | None = optional("Is this value.")
    in_: list[E] | None = optional("Is one of these values; none for an empty list.", "in")
    is_null: bool | None = optional("Is absent (true) or present (false).")


def condition_of(given: object, fields: Mapping[str, Field], *, depth: int = 0) -> dict[str, Any]:
    """The database condition of a filter input.

    ``fields`` maps its attributes to document fields, or to what makes a condition of the whole of their values;
    ``and_``, ``or_`` and ``not_`` nest. Raises BadInput for a condition that says nothing (a null operator, an empty
    group) or that is nested too deeply.
    """
    if given is None or given is UNSET:
        return {}
    if depth > MAX_DEPTH:
        raise BadInput(f"A filter may be nested {MAX_DEPTH} levels deep.")
    parts: list[dict[str, Any]] = []
    for name, value in _given(given):
        if name in {"and_", "or_"}:
            groups = [condition_of(part, fields, depth=depth + 1) for part in value]
            if not groups:
                raise BadInput(f"The group {name.strip('_')} of a filter is empty.")
            parts.append({"$and" if name == "and_" else "$or": groups})
        elif name == "not_":
            parts.append({"$nor": [condition_of(value, fields, depth=depth + 1)]})
        else:
            parts += conditions_on(fields[name], value)
    return every(*parts)


def conditions_on(field: Field, value: Any) -> list[dict[str, Any]]:
    """The database conditions of one attribute's filter. Raises BadInput for a null operator."""
    if not isinstance(field, str):
        return [field(value)]
    return [_OPERATORS[operator](field, operand) for operator, operand in _operands(value)]


def admits(given: object, subject: str, state: object) -> bool:
    """Whether a flat filter (``eq``, ``in`` and ``isNull`` only) admits an event's state; ``id`` is the subject."""
    if given is None or given is UNSET:
        return True
    for name, value in _given(given):
        actual = subject if name == "id" else getattr(state, name)
        for operator, operand in _operands(value):
            if not _PREDICATES[operator](actual, operand):
                return False
    return True


def _given(value: object) -> list[tuple[str, Any]]:
    assert dataclasses.is_dataclass(value)  # noqa: S101 - every input type is one
    given = []
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if content is None:
            raise BadInput(f"The condition {field.name.strip('_')} of a filter is null; leave it out, or use isNull.")
        if content is not UNSET:
            given.append((field.name, content))
    return given


def _operands(value: object) -> list[tuple[str, Any]]:
    if isinstance(value, bool):
        return [("eq", value)]
    return [(name, _plain(operand)) for name, operand in _given(value)]


def _plain(operand: Any) -> Any:
    if isinstance(operand, list):
        if len(operand) > MAX_VALUES:
            raise BadInput(f"A filter may name {MAX_VALUES} values.")
        return [_plain(item) for item in operand]
    if isinstance(operand, Enum):
        return operand.value
    if isinstance(operand, Decimal):
        return _amount(operand)
    return operand if isinstance(operand, bool | int | datetime) else str(operand)


def _amount(operand: Decimal) -> int:
    if not operand.is_finite() or abs(operand) >= MAX_AMOUNT or scaled(operand) != operand * SCALE:
        raise BadInput("An amount in a filter has at most four decimals, and is in range.")
    return scaled(operand)


_OPERATORS: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "eq": lambda field, operand: {field: operand},
    "in_": lambda field, operand: {field: {"$in": operand}},
    "contains": lambda field, operand: {field: {"$regex": re.escape(operand), "$options": "i"}},
    "gt": lambda field, operand: {field: {"$gt": operand}},
    "gte": lambda field, operand: {field: {"$gte": operand}},
    "lt": lambda field, operand: {field: {"$lt": operand}},
    "lte": lambda field, operand: {field: {"$lte": operand}},
    "is_null": lambda field, operand: {field: None} if operand else {field: {"$ne": None}},
}
_PREDICATES: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda actual, operand: actual == operand,
    "in_": lambda actual, operand: actual in operand,
    "is_null": lambda actual, operand: (actual is None) == operand,
}
