"""The answer's shape, compiled once per plan: order, aliases, types checked, nulls propagated by the specification.

Every completer takes (value, key, path, report): `key` is the response key or list index of the value, `path` the
keys above it. It returns the completed value, None for null, or BUBBLE when a null may not stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_composite_type,
    is_leaf_type,
)

from rapport_gateway.errors import INVALID_VALUE, UNEXPECTED_NULL
from rapport_gateway.execution.generated import GeneratedProjection, Irregular
from rapport_gateway.execution.leaves import leaf_check
from rapport_gateway.planning.operation import QueryField, QueryGroup, QuerySelection
from rapport_gateway.planning.plan import Keys

BUBBLE: Any = object()
Path = list[str | int]
Report = Callable[[Sequence[str | int], str, str], None]
Completer = Callable[[Any, str | int, Path, Report], Any]
FieldPlan = tuple[str, str, Completer]


class Projection:
    """Makes `data` from a value tree. `shared`: the positions where objects may be in several places."""

    def __init__(self, schema: GraphQLSchema, root: QuerySelection, shared: Collection[Keys] = ()) -> None:
        self._schema = schema
        self._root = root
        self._shared = shared
        self._is_used = False

    def regular(self, data: dict[str, Any]) -> dict[str, Any]:
        """What `project` gives where it has nothing to report. Raises Irregular elsewhere, and when first used: code
        is generated for what is used again."""
        if not self._is_used:
            self._is_used = True
            raise Irregular
        return self._generated.project(data)

    def project(self, data: dict[str, Any], report: Report) -> dict[str, Any] | None:
        """None when a null reached the root. `report` is called with (path, message, code) for each invalid value."""
        return _complete_fields(self._fields, data, [], report)

    @cached_property
    def _generated(self) -> GeneratedProjection:
        return GeneratedProjection(self._schema, self._root, self._shared)

    @cached_property
    def _fields(self) -> tuple[FieldPlan, ...]:
        return self._field_plans(self._root.type_name, self._root.groups[0]) if self._root.groups else ()

    def _field_plans(self, type_name: str, group: QueryGroup) -> tuple[FieldPlan, ...]:
        plans: list[FieldPlan] = []
        for field in group.fields:
            if field.name == "__typename":
                known = not self._stands_in(type_name)
                plans.append((field.response_key, field.source, _constant(type_name) if known else _unknown_type))
            elif field.name.startswith("__"):
                plans.append((field.response_key, field.source, _unchanged))
            else:
                parent = self._schema.type_map[type_name]
                declared: GraphQLOutputType = parent.fields[field.name].type  # type: ignore[attr-defined]
                if field.is_withheld:
                    plans.append((field.response_key, field.source, _withheld(declared)))
                    continue
                plans.append((field.response_key, field.source, self._completer(declared, field, type_name)))
        return tuple(plans)

    def _completer(self, declared: GraphQLOutputType, field: QueryField, parent: str) -> Completer:
        where = f"{parent}.{field.name}"
        if isinstance(declared, GraphQLNonNull):
            return _non_null(self._completer(declared.of_type, field, parent), where)
        if isinstance(declared, GraphQLList):
            return _list(self._completer(declared.of_type, field, parent), where)
        if is_leaf_type(declared):
            return _leaf(leaf_check(declared), declared.name, where)
        if not is_composite_type(declared) or field.children is None:
            raise TypeError(f"{where} is no output type")
        plans = {name: self._field_plans(name, group) for group in field.children.groups for name in group.types}
        unresolved = frozenset(
            name for group in field.children.groups if group.resolution is not None for name in group.types
        )
        if isinstance(declared, GraphQLObjectType):
            return _object(plans.get(declared.name, ()), where)
        return _abstract(plans, unresolved, where)

    def _stands_in(self, type_name: str) -> bool:
        return isinstance(self._schema.type_map[type_name], GraphQLInterfaceType)


def _complete_fields(
    fields: Sequence[FieldPlan], value: dict[str, Any], path: Path, report: Report
) -> dict[str, Any] | None:
    result: dict[str, Any] = {}
    get = value.get
    for key, source, complete in fields:
        completed = complete(get(source), key, path, report)
        if completed is BUBBLE:
            return None
        result[key] = completed
    return result


def _constant(text: str) -> Completer:
    return lambda _value, _key, _path, _report: text


def _withheld(declared: GraphQLOutputType) -> Completer:
    """Null where it may stand; that and why it is null is told apart from what subgraphs answered."""
    result = BUBBLE if isinstance(declared, GraphQLNonNull) else None
    return lambda _value, _key, _path, _report: result


def _unchanged(value: Any, _key: str | int, _path: Path, _report: Report) -> Any:
    return value


def _non_null(inner: Completer, where: str) -> Completer:
    def complete(value: Any, key: str | int, path: Path, report: Report) -> Any:
        if value is None:
            report((*path, key), f"Cannot return null for non-nullable field {where}.", UNEXPECTED_NULL)
            return BUBBLE
        completed = inner(value, key, path, report)
        return BUBBLE if completed is None else completed

    return complete


def _leaf(check: Callable[[Any], Any] | None, type_name: str, where: str) -> Completer:
    if check is None:
        return _unchanged

    def complete(value: Any, key: str | int, path: Path, report: Report) -> Any:
        if value is None:
            return None
        checked = check(value)
        if checked is None:
            report((*path, key), f"The value of {where} is not a valid {type_name}.", INVALID_VALUE)
        return checked

    return complete


def _list(inner: Completer, where: str) -> Completer:
    def complete(value: Any, key: str | int, path: Path, report: Report) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            report((*path, key), f"The value of {where} is not a list.", INVALID_VALUE)
            return None
        path.append(key)
        result = []
        for number, item in enumerate(value):
            completed = inner(item, number, path, report)
            if completed is BUBBLE:
                path.pop()
                return None
            result.append(completed)
        path.pop()
        return result

    return complete


def _object(fields: Sequence[FieldPlan], where: str) -> Completer:
    def complete(value: Any, key: str | int, path: Path, report: Report) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            report((*path, key), f"The value of {where} is not an object.", INVALID_VALUE)
            return None
        path.append(key)
        result = _complete_fields(fields, value, path, report)
        path.pop()
        return result

    return complete


def _abstract(plans: dict[str, tuple[FieldPlan, ...]], unresolved: frozenset[str], where: str) -> Completer:
    """`unresolved`: interfaces under which an object stands whose type should have been told by now."""

    def complete(value: Any, key: str | int, path: Path, report: Report) -> Any:
        if value is None:
            return None
        type_name = value.get("__typename") if isinstance(value, dict) else None
        fields = plans.get(str(type_name))
        if fields is None:
            report((*path, key), f"The value of {where} is of no type that is possible there.", INVALID_VALUE)
            return None
        if type_name in unresolved:
            report((*path, key), f"The type of the value of {where} is not known.", INVALID_VALUE)
        path.append(key)
        result = _complete_fields(fields, value, path, report)
        path.pop()
        return result

    return complete


def _unknown_type(_value: Any, _key: str | int, _path: Path, _report: Report) -> Any:
    """The `__typename` of an object that is only known by an interface; that it is not known is told of the object."""
    return BUBBLE
