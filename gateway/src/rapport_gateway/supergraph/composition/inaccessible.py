"""What is hidden from clients must not leave holes in what they see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphql import EnumValueNode, ListValueNode, ObjectValueNode, ValueNode, parse_value

from rapport_gateway.supergraph.composition.merged import (
    MergedDirective,
    MergedElement,
    MergedField,
    MergedInput,
    MergedType,
)
from rapport_gateway.supergraph.directives import inner_name
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.model import Kind


def check_inaccessible(
    types: Mapping[str, MergedType], directives: Sequence[MergedDirective]
) -> Iterator[CompositionProblem]:
    checker = _Checker(types)
    for directive in directives:
        for argument in directive.arguments:
            yield from checker.input(argument, f"@{directive.name}({argument.name}:)")
    for merged in types.values():
        if not _is_hidden(merged):
            yield from checker.type(merged)
        elif merged.name == "Query":
            yield CompositionProblem("QUERY_ROOT_TYPE_INACCESSIBLE", "the query type is @inaccessible")


def _is_hidden(element: MergedElement) -> bool:
    return "@inaccessible" in element.directives


class _Checker:
    def __init__(self, types: Mapping[str, MergedType]) -> None:
        self._types = types
        self._hidden = {name for name, merged in types.items() if _is_hidden(merged)}

    def type(self, merged: MergedType) -> Iterator[CompositionProblem]:
        children: Sequence[MergedElement] = (*merged.fields, *merged.inputs, *merged.values)
        members = merged.members if merged.kind is Kind.UNION else ()
        hidden = [_is_hidden(child) for child in children] + [name in self._hidden for name in members]
        if hidden and all(hidden):
            message = f"{merged.name} is public, but all that it consists of is @inaccessible"
            yield CompositionProblem("ONLY_INACCESSIBLE_CHILDREN", message)
        for field in merged.fields:
            where = f"{merged.name}.{field.name}"
            if _is_hidden(field):
                yield from self._implemented(merged, field)
                continue
            yield from self._reference(field.type_text, where)
            for argument in field.arguments:
                yield from self.input(argument, f"{where}({argument.name}:)")
                if _is_hidden(argument):
                    yield from self._implemented_argument(merged, field, argument)
        for item in merged.inputs:
            yield from self.input(item, f"{merged.name}.{item.name}")

    def _reference(self, type_text: str, where: str) -> Iterator[CompositionProblem]:
        name = inner_name(type_text)
        if name in self._hidden:
            yield CompositionProblem("REFERENCED_INACCESSIBLE", f"{where} is public, but its type {name} is not")

    def input(self, item: MergedInput, where: str) -> Iterator[CompositionProblem]:
        if _is_hidden(item):
            if item.type_text.endswith("!") and item.default is None:
                yield CompositionProblem("REQUIRED_INACCESSIBLE", f"{where} is @inaccessible, but required")
            return
        yield from self._reference(item.type_text, where)
        if item.default is not None:
            for used in self._used(parse_value(item.default), inner_name(item.type_text)):
                message = f"the default of {where} uses {used}, which is @inaccessible"
                yield CompositionProblem("DEFAULT_VALUE_USES_INACCESSIBLE", message)

    def _used(self, value: ValueNode, type_name: str) -> Iterator[str]:
        """The hidden enum values and input fields in a default."""
        merged = self._types.get(type_name)
        if isinstance(value, ListValueNode):
            for item in value.values:
                yield from self._used(item, type_name)
        elif isinstance(value, EnumValueNode) and merged is not None:
            if any(known.name == value.value and _is_hidden(known) for known in merged.values):
                yield f"{type_name}.{value.value}"
        elif isinstance(value, ObjectValueNode) and merged is not None:
            inputs = {item.name: item for item in merged.inputs}
            for field in value.fields:
                known_input = inputs.get(field.name.value)
                if known_input is None:
                    continue
                if _is_hidden(known_input):
                    yield f"{type_name}.{known_input.name}"
                else:
                    yield from self._used(field.value, inner_name(known_input.type_text))

    def _implemented(self, merged: MergedType, field: MergedField) -> Iterator[CompositionProblem]:
        for other in self._same_in_interfaces(merged, field):
            message = f"{merged.name}.{field.name} is @inaccessible, but {other}.{field.name} is public"
            yield CompositionProblem("IMPLEMENTED_BY_INACCESSIBLE", message)

    def _implemented_argument(
        self, merged: MergedType, field: MergedField, argument: MergedInput
    ) -> Iterator[CompositionProblem]:
        for name, other in self._same_in_interfaces(merged, field).items():
            if any(item.name == argument.name and not _is_hidden(item) for item in other.arguments):
                place = f"{field.name}({argument.name}:)"
                message = f"{merged.name}.{place} is @inaccessible, but {name}.{place} is public"
                yield CompositionProblem("IMPLEMENTED_BY_INACCESSIBLE", message)

    def _same_in_interfaces(self, merged: MergedType, field: MergedField) -> dict[str, MergedField]:
        """The public field of that name by interface."""
        return {
            name: other
            for name in merged.interfaces
            if (interface := self._types.get(name)) is not None and name not in self._hidden
            for other in interface.fields
            if other.name == field.name and not _is_hidden(other)
        }
