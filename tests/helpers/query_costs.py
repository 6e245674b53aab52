"""What the root queries of a service cost the database: asked with every field that they have, and judged."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from database_calls import kept_commands
from graphql import FieldDefinitionNode, print_ast
from index_use import Keys, Reading, readings, served
from rights_schema import ServiceSchema, is_required, named
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

Command = Mapping[str, Any]
NO_DATABASE = {"_service"}
_DEPTH, _DEPTH_OF_ONE = 3, 2
"""Records within records: those of a list, what hangs on each, and what is named there; what hangs on one."""


@dataclass(frozen=True)
class Cost:
    """What one query did: its commands, and how many objects it answered."""

    commands: Sequence[Command]
    objects: int

    def grown(self, before: "Cost") -> int:
        """By how many calls of one kind to one collection this cost more.

        It may be some without any reason: loaders put together what is asked for at the same moment.
        """
        added = self.calls - before.calls
        return max(added.values(), default=0)

    @property
    def calls(self) -> Counter[tuple[str, str]]:
        """How many commands of each kind were sent to each collection."""
        return Counter(next(iter(each.items())) for each in self.commands)


def roots(schema: ServiceSchema) -> set[str]:
    """The root fields that can cost the database something."""
    return set(schema.fields("Query")) - NO_DATABASE


def document(schema: ServiceSchema, root: str, given: Mapping[str, Any], left_out: Container[str] = ()) -> str:
    """A query of everything that a root field can answer, some records deep, with the named arguments as variables."""
    asked = schema.fields("Query")[root]
    selector = _Selector(schema, left_out, _DEPTH_OF_ONE if {"id", "representations"} & given.keys() else _DEPTH)
    if root == "_entities":
        [entity] = {each["__typename"] for each in given["representations"]}
        selection = f"{{ ... on {entity} {selector.fields(entity, (entity,))} }}"
    else:
        selection = selector.of(asked)
    types = {each.name.value: print_ast(each.type) for each in asked.arguments or () if each.name.value in given}
    variables = ", ".join(f"${name}: {kind}" for name, kind in types.items())
    arguments = ", ".join(f"{name}: ${name}" for name in types)
    return f"query{f'({variables})' if types else ''} {{ {root}{f'({arguments})' if types else ''} {selection} }}"


async def cost(client: SubgraphClient, text: str, given: Mapping[str, Any], *, by: Actor) -> Cost:
    """Ask, and keep what was sent to the database. An answer with errors fails."""
    with kept_commands() as sent:
        answer = await client.query(text, dict(given), by=by)
    return Cost(sent, _objects(answer.data))


async def indexes(mongo: Mongo) -> dict[str, list[Keys]]:
    """The indexes that the database has, by collection."""
    found: dict[str, list[Keys]] = {}
    for collection in await mongo.database.list_collection_names():
        known = (await mongo.database[collection].index_information()).values()
        found[collection] = [Keys(tuple(each["key"]), each.get("partialFilterExpression")) for each in known]
    return found


def check_costs(
    few: Mapping[str, Cost],
    many: Mapping[str, Cost],
    known: Mapping[str, Sequence[Keys]],
    *,
    more: int,
    lists: set[str],
    whole: Container[str] = (),
) -> None:
    """Every query of ``many`` took as many calls as when there were ``more`` records less, and each has an index.

    ``lists`` are those that must have answered more, or the comparison says nothing; ``whole`` are small collections of
    which everything is read, because everything is the answer.
    """
    grown = {name: each.grown(few[name]) for name, each in many.items()}
    costlier = {name: calls for name, calls in grown.items() if calls >= more / 2}
    assert costlier == {}, costlier
    unfilled = [name for name in sorted(lists) if many[name].objects <= few[name].objects]
    assert unfilled == [], unfilled
    for name, each in many.items():
        without_index = [one for one in unserved(each.commands, known) if one.collection not in whole]
        assert without_index == [], (name, without_index)


def unserved(commands: Iterable[Command], known: Mapping[str, Sequence[Keys]]) -> Iterator[Reading]:
    """The readings that no index serves."""
    for command in commands:
        for reading in readings(command):
            if not served(reading, known.get(reading.collection, ())):
                yield reading


@dataclass(frozen=True)
class _Selector:
    """Selects every field but those ``left_out``, which are named as ``Type.field``."""

    schema: ServiceSchema
    left_out: Container[str]
    depth: int

    def of(self, field: FieldDefinitionNode, path: tuple[str, ...] = ()) -> str:
        """The selection of a field; nothing for a scalar."""
        kind = named(field.type)
        return self.fields(kind, (*path, kind)) if self.schema.fields(kind) else ""

    def fields(self, kind: str, path: tuple[str, ...]) -> str:
        """No list's edges where it has nodes; of a record within one of its own type only what is no record."""
        chosen = ["__typename"]
        records = [each for each in path if "id" in self.schema.fields(each)]
        ends = len(records) >= self.depth or kind in records[:-1]
        for name, field in self._askable(kind).items():
            is_record = bool(self.schema.fields(named(field.type)))
            if not (is_record and ends):
                chosen.append(f"{name} {self.of(field, path)}")
        return f"{{ {' '.join(chosen)} }}"

    def _askable(self, kind: str) -> dict[str, FieldDefinitionNode]:
        fields = self.schema.fields(kind)
        return {
            name: field
            for name, field in fields.items()
            if not any(is_required(argument) for argument in field.arguments or ())
            and not (name == "edges" and "nodes" in fields)
            and f"{kind}.{name}" not in self.left_out
        }


def _objects(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_objects, value))
    return 1 + sum(map(_objects, value.values())) if isinstance(value, Mapping) else 0
