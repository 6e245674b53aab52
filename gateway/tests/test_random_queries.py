"""A random query over a random split of one schema gives what the whole schema in one place gives."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import Any

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, _resolve
from graphql import (
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    execute_sync,
    get_named_type,
    is_composite_type,
    parse,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LEAVES = ["a", "b", "c", "d"]
ENTITIES = ["X", "Y", "Z"]
GRAPHS = ["one", "two", "three"]
SIZE = 3
Split = dict[str, dict[str, set[str]]]


def _object(kind: str, number: int) -> dict[str, Any]:
    """Links are functions, so that the graph of objects may be circular."""
    fields: dict[str, Any] = {"__typename": kind, "id": f"{kind}{number}", "code": f"c-{kind}{number}"}
    fields.update({leaf: f"{kind}{number}.{leaf}" for leaf in LEAVES})
    for position, other in enumerate(ENTITIES):
        target = (number + position) % SIZE
        fields[f"to{other}"] = lambda other=other, target=target: _object(other, target)
        fields[f"all{other}"] = lambda other=other: [_object(other, n) for n in range(SIZE)]
    fields["any"] = lambda: [_object(other, number) for other in ENTITIES]
    fields["maybe"] = lambda: _object("X", number) if number % 2 else None
    fields["part"] = {"p": f"{kind}{number}.p", "q": f"{kind}{number}.q", "deep": lambda: _object("Y", number)}
    return fields


FIELDS = {
    **dict.fromkeys(LEAVES, "String!"),
    **{f"to{other}": f"{other}!" for other in ENTITIES},
    **{f"all{other}": f"[{other}!]!" for other in ENTITIES},
    "any": "[Any!]!",
    "maybe": "X",
    "part": "Part!",
}
PART = "type Part @shareable { p: String! q: String! deep: Y! }"
ANY = f"union Any = {' | '.join(ENTITIES)}"
WHOLE = build_schema(
    "type Query { start: X! startAll: [Y!]! }\n"
    + "\n".join(
        f"type {kind} {{ id: ID! code: ID! {' '.join(f'{name}: {text}' for name, text in FIELDS.items())} }}"
        for kind in ENTITIES
    )
    + f"\n{PART.replace('@shareable', '')}\n{ANY}"
)
union = WHOLE.type_map["Any"]
assert isinstance(union, GraphQLUnionType)
union.resolve_type = lambda value, *_: value["__typename"]
ROOT = {"start": lambda: _object("X", 1), "startAll": lambda: [_object("Y", n) for n in range(SIZE)]}


def _sdl(split: Split, graph: str, keys: dict[str, str]) -> str:
    """Every field is in one or more subgraphs; some subgraphs know entities by `id`, others by `code`, or by both."""
    types = [PART, ANY]
    for kind in ENTITIES:
        known = keys[graph].split()
        own = [f"{key}: ID!" for key in known]
        own += [f"{name}: {FIELDS[name]} @shareable" for name in FIELDS if graph in split[kind][name]]
        directives = " ".join(f'@key(fields: "{key}")' for key in known)
        types.append(f"type {kind} {directives} {{ {' '.join(own)} }}")
    if graph == GRAPHS[0]:
        types.append("type Query { start: X! startAll: [Y!]! }")
    return LINK + "\n".join(types)


def _entity(kind: str, representation: dict[str, Any]) -> dict[str, Any]:
    identity = representation.get("id") or representation["code"].removeprefix("c-")
    return _object(kind, int(identity[1:]))


def _federation(seed: int) -> Federation:
    choice = random.Random(seed)
    split = {kind: {name: set(choice.sample(GRAPHS, choice.choice([1, 1, 2]))) for name in FIELDS} for kind in ENTITIES}
    keys = {
        "one": choice.choice(["id", "id code"]),
        "two": "id code",
        "three": choice.choice(["id", "code", "id code"]),
    }
    return Federation(
        **{
            graph: Subgraph(
                _sdl(split, graph, keys),
                ROOT if graph == GRAPHS[0] else {},
                {kind: partial(_entity, kind) for kind in ENTITIES},
            )
            for graph in GRAPHS
        }
    )


class _Writer:
    """Writes random selections with aliases, fragments, conditions and type conditions."""

    def __init__(self, seed: int) -> None:
        self._choice = random.Random(seed)
        self._aliases = 0

    def query(self) -> str:
        head = "query($yes: Boolean = true, $no: Boolean = false) { used: __typename @skip(if: $no) @include(if: $yes)"
        return head + self.selection(WHOLE.query_type, 3)[1:]

    def selection(self, parent: Any, depth: int) -> str:
        if not isinstance(parent, GraphQLObjectType):
            chosen = self._choice.sample(ENTITIES, self._choice.randint(1, 3))
            parts = [f"... on {kind} {self.selection(WHOLE.type_map[kind], depth - 1)}" for kind in chosen]
            return "{ __typename " + " ".join(parts) + " }"
        names = [
            name
            for name, field in parent.fields.items()
            if depth > 0 or not is_composite_type(get_named_type(field.type))
        ]
        picked = self._choice.choices(names, k=self._choice.randint(1, 4))
        parts = [self.field(parent, name, depth) for name in picked]
        if self._choice.random() < 0.2:
            parts.append("__typename")
        if self._choice.random() < 0.2:
            parts.append(f"... on {parent.name} {self.selection(parent, depth - 1)}" if depth > 1 else "id: __typename")
        return "{ " + " ".join(parts) + " }"

    def field(self, parent: GraphQLObjectType, name: str, depth: int) -> str:
        inner = get_named_type(parent.fields[name].type)
        below = " " + self.selection(inner, depth - 1) if is_composite_type(inner) else ""
        self._aliases += 1
        alias = f"{self._choice.choice(['id', 'code', 'x'])}{self._aliases}: " if self._choice.random() < 0.3 else ""
        condition = self._choice.choice(
            ["", "", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: $no)"]
        )
        return f"{alias}{name}{condition}{below}"


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_random_query_is_answered_as_by_one_schema(split_seed: int, query_seed: int) -> None:
    federation = _federation(split_seed)
    query = _Writer(query_seed).query().replace("id: __typename", "kind: __typename")
    expected = execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve)
    assert expected.errors is None
    answer = asyncio.run(federation.run(query))
    assert answer == {"data": expected.data}, query
