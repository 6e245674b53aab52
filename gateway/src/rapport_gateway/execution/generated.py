"""The usual case of a projection as generated code: every value is what the schema says, so nothing is to be told.

`Projection` knows all cases, and reports what is wrong by its path. The code made here does the same for values
that are right, at half the cost, and raises Irregular at the first that is not. An object that is shared by several
places is projected once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NoReturn

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_leaf_type,
)

from rapport_gateway.execution.leaves import INT_LIMIT
from rapport_gateway.planning.operation import QueryField, QueryGroup, QuerySelection
from rapport_gateway.planning.plan import Keys

Project = Callable[[Any, list[dict[int, Any]]], Any]

# For a value `a` of a built-in scalar: what to test, and where that is not enough, what else may be sent instead.
_INT = f"type(a) is int and {-INT_LIMIT} <= a < {INT_LIMIT}"
_TESTS = {
    "Int": _INT,
    "Float": "type(a) is float or type(a) is int",
    "String": "type(a) is str",
    "Boolean": "a is True or a is False",
    "ID": "type(a) is str",
}
_OTHERWISE = {"ID": "str(a) if type(a) is int else irregular()"}


class Irregular(Exception):
    """A value that needs the full projection."""


class GeneratedProjection:
    """Makes `data` from a value tree in which nothing is wrong."""

    def __init__(self, schema: GraphQLSchema, root: QuerySelection, shared: Collection[Keys]) -> None:
        writer = _Writer(schema, shared)
        function = writer.fields(root.type_name, root.groups[0], ()) if root.groups else None
        exec(compile("\n".join(writer.lines), "<projection>", "exec"), writer.names)  # noqa: S102  (our own text)
        self._project: Project | None = writer.names[function] if function else None
        self._memos = writer.memos

    def project(self, data: dict[str, Any]) -> dict[str, Any]:
        """Raises Irregular."""
        if self._project is None:
            return {}
        try:
            projected: dict[str, Any] = self._project(data, [{} for _ in range(self._memos)])
        except TypeError as error:  # a type name that is no string
            raise Irregular from error
        return projected


def irregular(*_: Any) -> NoReturn:
    raise Irregular


class _Writer:
    """Writes one function for each selection; text of clients gets into it as string literals only."""

    def __init__(self, schema: GraphQLSchema, shared: Collection[Keys]) -> None:
        self._schema = schema
        self._shared = shared
        self.lines: list[str] = []
        self.memos = 0
        self.names: dict[str, Any] = {"irregular": irregular}
        self._number = 0
        self._written: dict[tuple[int, int], str] = {}

    def fields(self, type_name: str, group: QueryGroup, position: Keys) -> str:
        """The name of a function that projects an object of the type."""
        items = [f"{field.response_key!r}: {self._field(type_name, field, position)}" for field in group.fields]
        return self._function(f"g = v.get\n    return {{{', '.join(items)}}}")

    def _field(self, type_name: str, field: QueryField, position: Keys) -> str:
        get = f"g({field.source!r})"
        if field.name == "__typename":
            stands_in = isinstance(self._schema.type_map[type_name], GraphQLInterfaceType)
            return "irregular()" if stands_in else repr(type_name)
        if field.name.startswith("__"):
            return get
        parent = self._schema.type_map[type_name]
        declared: GraphQLOutputType = parent.fields[field.name].type  # type: ignore[attr-defined]
        return self._value(declared, field, (*position, field.source), get)

    def _value(self, declared: GraphQLOutputType, field: QueryField, position: Keys, get: str) -> str:
        """An expression for the value that `get` gives; it may use the name `a`."""
        inner: GraphQLOutputType = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        is_nullable = inner is declared
        if is_leaf_type(inner):
            return self._leaf(inner, get, is_nullable=is_nullable)
        function = self._composite(inner, field, position)
        if is_nullable:
            return f"None if (a := {get}) is None else {function}(a, m)"
        return f"{function}({get}, m)"

    def _leaf(self, leaf: Any, get: str, *, is_nullable: bool) -> str:
        if isinstance(leaf, GraphQLEnumType):
            test = f"type(a) is str and a in {self._name(frozenset(leaf.values))}"
        else:
            test = _TESTS.get(leaf.name, "True")
        bound = f"(a := {get}) is None or" if is_nullable else f"(a := {get}) is not None and"
        return f"a if {bound} ({test}) else {_OTHERWISE.get(leaf.name, 'irregular()')}"

    def _composite(self, declared: GraphQLOutputType, field: QueryField, position: Keys) -> str:
        """Fields that several types have in common are one, and written once."""
        key = (id(field), id(declared))
        if key not in self._written:
            if isinstance(declared, GraphQLList):
                item = self._value(declared.of_type, field, position, "x")
                self._written[key] = self._function(f"return [{item} for x in v] if type(v) is list else irregular()")
            else:
                function = self._object(declared, field, position)
                self._written[key] = self._memoised(function) if position in self._shared else function
        return self._written[key]

    def _object(self, declared: GraphQLOutputType, field: QueryField, position: Keys) -> str:
        groups = field.children.groups if field.children else ()
        made = {
            name: self.fields(name, group, position)
            for group in groups
            for name in group.types
            if group.resolution is None
        }
        if isinstance(declared, GraphQLObjectType):
            chosen = made.get(declared.name, "irregular")
        else:
            table = self._name({})
            self.lines += [f"{table}[{name!r}] = {function}" for name, function in made.items()]
            chosen = f"{table}.get(v.get('__typename'), irregular)"
        return self._function(f"return {chosen}(v, m) if type(v) is dict else irregular()")

    def _memoised(self, function: str) -> str:
        memo = f"m[{self.memos}]"
        self.memos += 1
        body = f"r = {memo}.get(id(v))\n    if r is None: r = {memo}[id(v)] = {function}(v, m)\n    return r"
        return self._function(body)

    def _function(self, body: str) -> str:
        self._number += 1
        name = f"f{self._number}"
        self.lines.append(f"def {name}(v, m):\n    {body}")
        return name

    def _name(self, value: Any) -> str:
        self._number += 1
        name = f"c{self._number}"
        self.names[name] = value
        return name
