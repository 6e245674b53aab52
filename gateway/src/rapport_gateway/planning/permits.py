"""What of an operation a client may not have, by what the supergraph asks for and what the client holds.

A field is withheld where it is selected on a type for which it asks too much, and of every object of such a type, so
that neither an interface nor a union is a way around what a type asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from rapport_gateway.supergraph.access import Access, Alternatives
from rapport_gateway.supergraph.model import Supergraph

_NOTHING = Access()


@dataclass(frozen=True, slots=True)
class Granted:
    """What a client holds."""

    authenticated: bool = False
    scopes: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()

    def satisfies(self, access: Access) -> bool:
        return (
            (self.authenticated or not access.authenticated)
            and _holds(self.scopes, access.scopes)
            and _holds(self.policies, access.policies)
        )

    def within(self, mentioned: Granted) -> Granted:
        """Of what this client holds, what makes a difference where only `mentioned` is asked for."""
        return Granted(
            self.authenticated and mentioned.authenticated,
            self.scopes & mentioned.scopes,
            self.policies & mentioned.policies,
        )


NOBODY = Granted()


class Permits:
    """The fields of one document that are withheld from who holds `granted`."""

    def __init__(self, supergraph: Supergraph, document: DocumentNode, granted: Granted) -> None:
        self._supergraph = supergraph
        self._granted = granted
        self._selected_on = {node_id: parent for node_id, parent, _ in _fields(supergraph, document)}
        self._decided: dict[tuple[str, str], bool] = {}

    def withholds(self, type_name: str, node: FieldNode) -> bool:
        """Whether the selected field is withheld of objects of the type, or that are known by that interface."""
        name = node.name.value
        if name.startswith("__"):
            return False
        return not (self._may(self._selected_on[id(node)], name) and self._may(type_name, name))

    def _may(self, type_name: str, field_name: str) -> bool:
        key = (type_name, field_name)
        found = self._decided.get(key)
        if found is None:
            asked = _asked_for(self._supergraph, type_name, field_name)
            found = self._decided[key] = all(self._granted.satisfies(access) for access in asked)
        return found


def mentioned(supergraph: Supergraph, document: DocumentNode) -> Granted | None:
    """Everything that fields of the document ask for; None when they ask for nothing."""
    if not supergraph.access:
        return None
    asked: dict[Access, None] = {}
    for _, parent, name in _fields(supergraph, document):
        for owner in {parent, *supergraph.all_possible_types(parent)}:
            asked.update(dict.fromkeys(filter(None, _asked_for(supergraph, owner, name))))
    if not asked:
        return None
    return Granted(
        any(access.authenticated for access in asked),
        frozenset().union(*(_names(access.scopes) for access in asked)),
        frozenset().union(*(_names(access.policies) for access in asked)),
    )


def _asked_for(supergraph: Supergraph, type_name: str, field_name: str) -> Iterator[Access]:
    """By the field, its type and what it returns; for an interface, by those of every type behind it as well."""
    rules = supergraph.access
    owners = (type_name, *supergraph.implementations(type_name))
    for owner in owners:
        yield rules.get((owner, None), _NOTHING)
        yield rules.get((owner, field_name), _NOTHING)
        field = supergraph.types[owner].fields.get(field_name)
        if field is not None:
            yield rules.get((field.type_name, None), _NOTHING)


def _fields(supergraph: Supergraph, document: DocumentNode) -> list[tuple[int, str, str]]:
    """Every field of the document: its node's identity, the type it is selected on, its name."""
    found: list[tuple[int, str, str]] = []
    waiting: list[tuple[str, SelectionSetNode]] = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            waiting.append((supergraph.roots.get(definition.operation.value, ""), definition.selection_set))
        elif isinstance(definition, FragmentDefinitionNode):
            waiting.append((definition.type_condition.name.value, definition.selection_set))
    while waiting:
        parent, selection_set = waiting.pop()
        info = supergraph.types.get(parent)
        if info is None:
            continue  # introspection asks for nothing
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                name = node.name.value
                found.append((id(node), parent, name))
                if node.selection_set is not None and (field := info.fields.get(name)) is not None:
                    waiting.append((field.type_name, node.selection_set))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                waiting.append((condition.name.value if condition else parent, node.selection_set))
    return found


def _holds(held: frozenset[str], asked: Alternatives) -> bool:
    return not asked or any(names <= held for names in asked)


def _names(asked: Alternatives) -> frozenset[str]:
    return frozenset().union(*asked)
