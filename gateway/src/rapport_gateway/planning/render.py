"""Selections of a step as GraphQL text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from graphql import ArgumentNode, Node, OperationDefinitionNode, VariableNode

from rapport_gateway.planning.contextual import ContextValue
from rapport_gateway.planning.entities_text import marked
from rapport_gateway.planning.fetch_graph import StepField, StepSelection
from rapport_gateway.planning.literals import literal, type_reference
from rapport_gateway.supergraph.model import Kind, Supergraph

_AS_KNOWN: Mapping[str, str] = MappingProxyType({})


class Renderer:
    def __init__(self, supergraph: Supergraph, definition: OperationDefinitionNode) -> None:
        self._supergraph = supergraph
        self._printed: dict[tuple[int, str], str] = {}  # one field may stand on many types
        self._definitions = {node.variable.name.value: node for node in definition.variable_definitions or ()}
        self._contexts: dict[ContextValue, str] = {}

    def variables(self, selections: Iterable[StepSelection]) -> tuple[str, ...]:
        """The client's variables that the selections use, in the order of the operation."""
        used: set[str] = set()
        seen: set[int] = set()
        for selection in selections:
            _collect_variables(selection, used, seen)
        return tuple(name for name in self._definitions if name in used)

    def context_variable(self, value: ContextValue) -> str:
        """A name that none of the client's variables has."""
        if value not in self._contexts:
            name = f"context{len(self._contexts)}"
            while name in self._definitions:
                name = f"_{name}"
            self._contexts[value] = name
        return self._contexts[value]

    def definitions(self, variables: Iterable[str]) -> list[str]:
        return [_bare_definition(self._definitions[name]) for name in variables]

    def braces(self, selection: StepSelection, graph: str, sent_as: Mapping[str, str] = _AS_KNOWN) -> str:
        """`sent_as`: under which of its interfaces a subgraph is told entities of a type that it does not know."""
        return "{" + self._body(selection, graph, sent_as) + "}"

    def _body(self, selection: StepSelection, graph: str, sent_as: Mapping[str, str]) -> str:
        parts = ["__typename"] if selection.with_typename else []
        printed = {
            type_name: [self._field(field, graph) for field in fields.values()]
            for type_name, fields in selection.by_type.items()
        }
        declared = self._supergraph.types.get(selection.declared)
        if declared is not None and declared.kind is Kind.OBJECT:
            parts.extend(printed.get(selection.declared, ()))
        else:
            common = self._common(selection, printed, graph)
            parts.extend(common)
            for name, fields in self._by_name(printed, graph, sent_as).items():
                if own := [field for field in fields if field not in common]:
                    parts.append(f"... on {name}{{{' '.join(own)}}}")
        return " ".join(parts) if parts else "__typename"

    def _by_name(
        self, printed: dict[str, list[str]], graph: str, sent_as: Mapping[str, str]
    ) -> dict[str, dict[str, None]]:
        """The fields by the name under which the subgraph knows the type; it may know several by one interface."""
        found: dict[str, dict[str, None]] = {}
        for type_name, fields in printed.items():
            name = self._supergraph.known_as(graph, type_name)
            if name != type_name:
                name = sent_as.get(type_name, name)
            found.setdefault(name, {}).update(dict.fromkeys(fields))
        return found

    def _common(self, selection: StepSelection, printed: dict[str, list[str]], graph: str) -> list[str]:
        """Fields that an interface itself has and every type selects alike: written once."""
        declared = self._supergraph.types.get(selection.declared)
        if declared is None or declared.kind is not Kind.INTERFACE or graph not in declared.joins:
            return []
        possible = self._supergraph.possible_types(graph, selection.declared)
        if not possible or not possible <= printed.keys():
            return []
        first = next(iter(selection.by_type.values()))
        on_interface = [
            text
            for text, field in zip(next(iter(printed.values())), first.values(), strict=True)
            if (info := declared.fields.get(field.name)) is not None
            and (join := info.joins.get(graph)) is not None
            and (field.children is None or field.children.declared == join.type_name)
        ]
        return [text for text in on_interface if all(text in printed[name] for name in possible)]

    def _field(self, field: StepField, graph: str) -> str:
        key = (id(field), graph)
        if key not in self._printed:
            self._printed[key] = self._print_field(field, graph)
        return self._printed[key]

    def _print_field(self, field: StepField, graph: str) -> str:
        alias = "" if field.source == field.name else f"{field.source}: "
        given = [f"{argument.name.value}: {literal(argument.value)}" for argument in field.arguments]
        given += [f"{name}: {marked(self.context_variable(value))}" for name, value in field.filled]
        arguments = f"({', '.join(given)})" if given else ""
        below = self.braces(field.children, graph) if field.children is not None else ""
        return f"{alias}{field.name}{arguments}{below}"


def _bare_definition(node: Node) -> str:
    text = f"${node.variable.name.value}: {type_reference(node.type)}"  # type: ignore[attr-defined]
    default = node.default_value  # type: ignore[attr-defined]
    return f"{text} = {literal(default)}" if default is not None else text


def _collect_variables(selection: StepSelection, used: set[str], seen: set[int]) -> None:
    for fields in selection.by_type.values():
        for field in fields.values():
            if id(field) in seen:
                continue
            seen.add(id(field))
            for argument in field.arguments:
                used.update(_variables_in(argument))
            if field.children is not None:
                _collect_variables(field.children, used, seen)


def _variables_in(node: ArgumentNode | Node) -> Iterator[str]:
    if isinstance(node, VariableNode):
        yield node.name.value
        return
    for key in ("value", "values", "fields"):
        child = getattr(node, key, None)
        for item in child if isinstance(child, tuple | list) else (child,):
            if isinstance(item, Node):
                yield from _variables_in(item)
