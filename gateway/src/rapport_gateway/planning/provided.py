"""What `@provides` adds: fields a subgraph can give on one path although it does not own them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode


@dataclass(slots=True, eq=False)
class Provided:
    """Provided fields by (type condition or None, name), each with what is provided below it."""

    fields: dict[tuple[str | None, str], Provided] = field(default_factory=dict)

    def below(self, type_name: str, name: str) -> Provided | None:
        return self.fields.get((type_name, name)) or self.fields.get((None, name))


NOTHING = Provided()


def provided_by(selections: SelectionSetNode) -> Provided:
    result = Provided()
    _add(result, None, selections)
    return result


def merged(first: Provided, second: Provided) -> Provided:
    if not first.fields:
        return second
    if not second.fields:
        return first
    result = Provided(dict(first.fields))
    for key, child in second.fields.items():
        present = result.fields.get(key)
        result.fields[key] = merged(present, child) if present else child
    return result


def _add(target: Provided, condition: str | None, selections: SelectionSetNode) -> None:
    for name, node in _fields(condition, selections):
        child = target.fields.setdefault((name, node.name.value), Provided())
        if node.selection_set:
            _add(child, None, node.selection_set)


def _fields(condition: str | None, selections: SelectionSetNode) -> Iterator[tuple[str | None, FieldNode]]:
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield condition, selection
        elif isinstance(selection, InlineFragmentNode):
            narrowed = selection.type_condition.name.value if selection.type_condition else condition
            yield from _fields(narrowed, selection.selection_set)
