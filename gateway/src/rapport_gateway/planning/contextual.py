"""What a field needs of an object further up, besides what it needs of its own (`@fromContext`, `@requires`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from graphql import SelectionSetNode

from rapport_gateway.planning.operation import QueryField
from rapport_gateway.supergraph.field_sets import FieldSet
from rapport_gateway.supergraph.model import ContextArgument, FieldJoin


@dataclass(frozen=True, slots=True)
class Contextual(FieldSet):
    """The `@requires` of a field, or nothing, together with the arguments that are filled from contexts.

    It is a requirement of its own, so that the field is asked for in a fetch that starts at its object.
    """

    arguments: tuple[ContextArgument, ...] = ()


class ContextValue(NamedTuple):
    """A value that is read of an object further up and sent as a variable: what of which context, of which type."""

    context: str
    selection: str
    type_text: str


@dataclass(frozen=True, slots=True, eq=False)
class ContextSource:
    """Where a value is read: of the object reached by the first `depth` segments of a step's path, by its type."""

    depth: int
    by_type: Mapping[str, tuple[QueryField, ...]]


def contextual(join: FieldJoin) -> Contextual:
    own = join.requires
    filled = " ".join(f"{given.name}: ${given.context}{{{given.selection.text}}}" for given in join.context_arguments)
    selections = own.selections if own else SelectionSetNode(selections=())
    return Contextual(f"{own.text if own else ''} ({filled})", selections, join.context_arguments)


def value_of(argument: ContextArgument) -> ContextValue:
    return ContextValue(argument.context, argument.selection.text, argument.type_text)
