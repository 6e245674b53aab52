"""The plan: immutable data that says what to fetch, from whom, in which order, and where results belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from rapport_gateway.planning.fetch_graph import Path
from rapport_gateway.planning.operation import NormalisedOperation

Keys = tuple[str, ...]
"""A way down the value tree by keys alone; lists are gone through."""


@dataclass(frozen=True, slots=True, eq=False)
class InputField:
    """A field of a representation: sent as `name`, read from the value tree at `source`.

    An object whose key fields are all null is no entity and is not asked for.
    """

    name: str
    source: str
    children: InputObject | None
    is_key: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class InputType:
    """What to send of objects of one type; `name` is the type as the subgraph knows it."""

    name: str
    fields: tuple[InputField, ...]


@dataclass(frozen=True, slots=True, eq=False)
class InputObject:
    """What to send by concrete type; `abstract`: several types are possible, so the type name is sent too."""

    by_type: Mapping[str, InputType]
    abstract: bool


class ContextReading(NamedTuple):
    """Where a value is read for entities at a path: of the object at its first `depth` segments; by that object's
    type, the one field that leads to the value, or towards it."""

    depth: int
    inputs: InputObject


class ContextVariable(NamedTuple):
    """A variable that is filled from objects above the entities, with one reading for each path of the batch."""

    variable: str
    type_text: str
    readings: tuple[ContextReading, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EntityBatch:
    """Entities of any number of places in the value tree, asked for in one `_entities` field.

    `key` is the field's response key, `variable` holds the representations, `fields` names what the fetch brings,
    `tells_type` says that it also brings the concrete type of objects known by an interface before, `objects` where
    below the entities it brings objects. With `contexts`, entities for which different values are read are asked for
    apart; in the `selection` the uses of their variables are marked (see `entities_text`).
    """

    key: str
    variable: str
    paths: tuple[Path, ...]
    inputs: InputObject
    selection: str
    fields: tuple[str, ...]
    tells_type: bool
    objects: frozenset[Keys] = frozenset()
    contexts: tuple[ContextVariable, ...] = ()

    def again(self, key: str, variable: str, selection: str, contexts: tuple[ContextVariable, ...]) -> EntityBatch:
        """The same under other names."""
        return replace(self, key=key, variable=variable, selection=selection, contexts=contexts)


@dataclass(frozen=True, slots=True, eq=False)
class Fetch:
    """One request to one subgraph. Without `entities` it brings the root fields named by `fields`, to be put at `path`
    (mostly the root), with objects at `objects` below; with `entities` the result completes objects that are already
    there. Where `by_context`, the `text` shows the request with one set of values from contexts; how often its fields
    are in it is known when it runs, and `definitions` are those of the client's variables in it."""

    subgraph: str
    kind: str
    text: str
    variables: tuple[str, ...]
    fields: tuple[str, ...] = ()
    path: Path = ()
    entities: tuple[EntityBatch, ...] = ()
    objects: frozenset[Keys] = frozenset()
    by_context: bool = False
    definitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    nodes: tuple[PlanNode, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Parallel:
    nodes: tuple[PlanNode, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Subscription:
    """`primary` opens the event stream; `rest` completes each event."""

    primary: Fetch
    rest: PlanNode | None


PlanNode = Fetch | Sequence | Parallel | Subscription


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """`node` is None when nothing has to be fetched (introspection, `__typename`)."""

    operation: NormalisedOperation
    node: PlanNode | None
