"""Supergraphs in a form in which those of one meaning are one text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SchemaDefinitionNode,
    SelectionSetNode,
    TypeDefinitionNode,
    Visitor,
    parse,
    print_ast,
    value_from_ast_untyped,
    visit,
)

from rapport_gateway.supergraph.access import alternatives
from rapport_gateway.supergraph.api_schema import EXECUTABLE_LOCATIONS

_MACHINERY = ("join__", "link__", "core__")
_FIELD_SETS = frozenset({"key", "requires", "provides"})
_ALTERNATIVES = frozenset({"scopes", "policies"})
_FALSE_IS_ABSENT = frozenset({"extension", "isInterfaceObject", "external", "usedOverridden"})
_SPECIFICATIONS = "https://specs.apollo.dev/"


def canonical(sdl: str) -> list[str]:
    """One line per fact, in order: types, fields, arguments, values, who resolves what."""
    document = parse(sdl)
    return sorted(set(_Canonical(document).facts()))


class _Canonical:
    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._used = _used_directives(document)
        self._graphs: dict[str, str] = {}
        for node in document.definitions:
            if isinstance(node, EnumTypeDefinitionNode) and node.name.value == "join__Graph":
                for value in node.values or ():
                    (graph,) = (d for d in value.directives or () if d.name.value == "join__graph")
                    self._graphs[value.name.value] = _arguments(graph)["name"]

    def facts(self) -> Iterator[str]:
        for node in self._document.definitions:
            if isinstance(node, SchemaDefinitionNode):
                yield from self._schema(node)
            elif isinstance(node, DirectiveDefinitionNode):
                yield from self._directive_definition(node)
            elif isinstance(node, TypeDefinitionNode) and not node.name.value.startswith(_MACHINERY):
                yield from self._type(node)

    def _schema(self, node: SchemaDefinitionNode) -> Iterator[str]:
        for root in node.operation_types:
            yield f"schema {root.operation.value}: {root.type.name.value}"
        for directive in node.directives or ():
            arguments = _arguments(directive)
            url = arguments.get("url", "")
            feature = url.removeprefix(_SPECIFICATIONS).partition("/")[0]
            if directive.name.value == "link" and url.startswith(_SPECIFICATIONS) and feature in {"link", "join"}:
                continue
            yield f"schema {self._directive(directive)}"

    def _directive_definition(self, node: DirectiveDefinitionNode) -> Iterator[str]:
        if node.name.value.startswith(_MACHINERY) or node.name.value == "link":
            return
        # Who defines a whole specification, though only some of its directives are used, says nothing more.
        is_executable = any(place.value in EXECUTABLE_LOCATIONS for place in node.locations)
        if not is_executable and node.name.value not in self._used:
            return
        arguments = sorted(print_ast(item) for item in node.arguments or ())
        places = sorted(place.value for place in node.locations)
        repeatable = " repeatable" if node.repeatable else ""
        yield f"directive @{node.name.value}({', '.join(arguments)}){repeatable} on {' | '.join(places)}"

    def _type(self, node: Any) -> Iterator[str]:
        where = f"{node.kind.removesuffix('_definition')} {node.name.value}"
        yield where
        yield from self._described(where, node)
        yield from (f"{where} implements {item.name.value}" for item in getattr(node, "interfaces", None) or ())
        yield from (f"{where} = {item.name.value}" for item in getattr(node, "types", None) or ())
        yield from (f"{where} {text}" for text in self._directives(node))
        graphs = {_arguments(d)["graph"] for d in node.directives or () if d.name.value == "join__type"}
        for field in getattr(node, "fields", None) or ():
            yield from self._field(f"{where}.{field.name.value}", field, graphs)
        for value in getattr(node, "values", None) or ():
            place = f"{where}.{value.name.value}"
            yield place
            yield from self._described(place, value)
            yield from (f"{place} {text}" for text in self._directives(value))

    def _field(self, where: str, node: Any, graphs: set[str]) -> Iterator[str]:
        yield f"{where}: {print_ast(node.type)}{_default(node)}"
        yield from self._described(where, node)
        joins = [d for d in node.directives or () if d.name.value == "join__field"]
        if not joins:
            # Not said means: every subgraph that has the type resolves the field.
            yield from (f"{where} @join__field(graph={self._graphs[graph]!r})" for graph in graphs)
        yield from (f"{where} {text}" for text in self._directives(node, own_type=print_ast(node.type)))
        for argument in getattr(node, "arguments", None) or ():
            place = f"{where}({argument.name.value}:)"
            yield f"{place} {print_ast(argument.type)}{_default(argument)}"
            yield from self._described(place, argument)
            yield from (f"{place} {text}" for text in self._directives(argument))

    def _described(self, where: str, node: Any) -> Iterator[str]:
        if node.description is not None and node.description.value:
            yield f"{where} {node.description.value!r}"

    def _directives(self, node: Any, own_type: str = "") -> Iterable[str]:
        return [self._directive(directive, own_type) for directive in node.directives or ()]

    def _directive(self, node: ConstDirectiveNode, own_type: str = "") -> str:
        name = node.name.value
        arguments = {key: _simplest(key, value) for key, value in _arguments(node).items()}
        if name.startswith("join__"):
            arguments = {
                key: self._join_argument(key, value)
                for key, value in arguments.items()
                if not _is_default(key, value, own_type)
            }
        return f"@{name}({', '.join(f'{key}={value!r}' for key, value in sorted(arguments.items()))})"

    def _join_argument(self, key: str, value: Any) -> Any:
        if key == "graph":
            return self._graphs[value]
        if key == "graphs":
            return sorted(self._graphs[graph] for graph in value)
        return _field_set(value) if key in _FIELD_SETS else value


def _simplest(key: str, value: Any) -> Any:
    """Scopes and policies without order, and without alternatives that ask for more than another."""
    if key not in _ALTERNATIVES:
        return value
    sets = alternatives(value)
    return sorted(sorted(names) for names in sets if not any(other < names for other in sets))


def _used_directives(document: DocumentNode) -> set[str]:
    used: set[str] = set()

    class Finder(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            used.add(node.name.value)

    visit(document, Finder())
    return used


def _is_default(key: str, value: Any, own_type: str) -> bool:
    if key in _FALSE_IS_ABSENT:
        return value is False
    return (key == "resolvable" and value is True) or (key == "type" and value == own_type)


def _arguments(node: ConstDirectiveNode) -> dict[str, Any]:
    return {item.name.value: value_from_ast_untyped(item.value) for item in node.arguments or ()}


def _default(node: Any) -> str:
    default = getattr(node, "default_value", None)
    return "" if default is None else f" = {value_from_ast_untyped(default)!r}"


def _field_set(text: str) -> str:
    body = text.strip()
    (operation,) = parse(body if body.startswith("{") else "{" + body + "}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    return _selections(operation.selection_set)


def _selections(selections: SelectionSetNode) -> str:
    parts = []
    for node in selections.selections:
        below = getattr(node, "selection_set", None)
        inner = f" {_selections(below)}" if below is not None else ""
        if isinstance(node, FieldNode):
            arguments = sorted(print_ast(item) for item in node.arguments or ())
            parts.append(f"{node.name.value}{'(' + ', '.join(arguments) + ')' if arguments else ''}{inner}")
        elif isinstance(node, InlineFragmentNode):
            condition = node.type_condition.name.value if node.type_condition else ""
            parts.append(f"... on {condition}{inner}")
    return "{ " + " ".join(sorted(parts)) + " }"
