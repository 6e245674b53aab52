"""Random subgraphs with interfaces, interface objects, `@requires` and `@provides`: answers as of one merged schema.

Every field's value follows from the object's type and number, so any subgraph that may resolve it gives the same.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, _resolve
from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLUnionType,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    print_schema,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TYPES = ["Book", "Film", "Song"]
SIZE = 3
LEAVES = {"title": "String!", "price": "Int!", "shape": "String"}  # on the interface, known to its own subgraphs
OWN = {kind: f"of{kind}" for kind in TYPES}  # a field of one type only
BEHIND = ["rating", "stock", "badge"]  # on the interface, brought by subgraphs that know no type behind it
CHAIN = {"rating": None, "stock": "rating", "badge": "stock price"}  # what each requires, when it is elsewhere
WHOLE = build_schema(
    "interface Item { id: ID! code: ID! title: String! price: Int! shape: String rating: Int! stock: Int! badge: Int! "
    "next: Item! twin: Item note: Note! } union Thing = Book | Film | Song | Note\n"
    "type Note { id: ID! text: String! about: Item! }\n"
    "type Query { items: [Item!]! shelf: [Item!]! things: [Thing!]! note: Note! }\n"
    + "\n".join(
        f"type {kind} implements Item {{ id: ID! code: ID! title: String! price: Int! shape: String rating: Int! "
        f"stock: Int! badge: Int! next: Item! twin: Item note: Note! {OWN[kind]}: Int! }}"
        for kind in TYPES
    )
)
LENIENT = build_schema(print_schema(WHOLE).replace("!", ""))
"""With null everywhere, so that every field that fails is told: none is under a null of another one."""
for abstract in (*WHOLE.type_map.values(), *LENIENT.type_map.values()):
    if isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType):
        abstract.resolve_type = lambda value, *_: value["__typename"]


FAILING: set[tuple[int, str]] = set()
"""Fields of items, by number, that cannot be had at the moment, whoever is asked."""


def _item(number: int) -> dict[str, Any]:
    """With errors in place of the fields that fail."""
    item = _whole_item(number)
    item.update({name: GraphQLError(f"no {name}") for failing, name in FAILING if failing == number})
    return item


def _whole_item(number: int) -> dict[str, Any]:
    kind = TYPES[number % len(TYPES)]
    return {
        "__typename": kind,
        "id": f"i{number}",
        "code": f"c{number}",
        "title": f"title {number}",
        "price": 10 + number,
        "shape": None if number == 1 else f"shape {number}",
        "rating": 2 * number,
        "stock": 2 * number + 1,
        "badge": 3 * number + 11,
        "next": lambda: _item((number + 1) % SIZE),
        "twin": lambda: _item(number) if number else None,
        "note": lambda: _note(number),
        OWN[kind]: 100 + number,
    }


def _note(number: int) -> dict[str, Any]:
    return {"__typename": "Note", "id": f"n{number}", "text": f"note {number}", "about": lambda: _item(number)}


ROOT = {
    "items": lambda: [_item(n) for n in range(SIZE)],
    "shelf": lambda: [_item(n) for n in (2, 0)],
    "things": lambda: [_item(0), _note(1), _item(2)],
    "note": lambda: _note(1),
}


def _number(representation: dict[str, Any]) -> int:
    return int((representation.get("id") or representation["code"])[1:])


def _plain(representation: dict[str, Any]) -> dict[str, Any]:
    return _item(_number(representation))


def _behind(requires: dict[str, str | None], representation: dict[str, Any]) -> dict[str, Any]:
    """An item as a subgraph gives it that knows the interface only: what it requires must have been sent."""
    item: dict[str, Any] = {**_item(_number(representation)), "__typename": "Item"}
    for name, needed in requires.items():
        if needed and not isinstance(item[name], GraphQLError):
            sent = [representation[field] for field in needed.split() if field in representation]
            item[name] = sum(sent) + {"stock": 1, "badge": 0}[name] if len(sent) == len(needed.split()) else None
    return item


def _known(choice: random.Random, keys: list[str], leaves: set[str], *, root: bool) -> str:
    """A subgraph that knows the types, with some of their fields."""
    common = " ".join(f"{name}: {LEAVES[name]} @shareable" for name in sorted(leaves))
    links = " ".join(f"{name}: {text} @shareable" for name, text in (("next", "Item!"), ("twin", "Item")) if root)
    note = "note: Note! @shareable" if root else ""
    directives = " ".join(f'@key(fields: "{key}")' for key in keys)
    fields = f"{' '.join(f'{key}: ID!' for key in keys)} {common} {links} {note}"
    plain = fields.replace(" @shareable", "")
    parts = [f"interface Item {directives} {{ {plain} }}"]
    for kind in TYPES:
        own = f"{OWN[kind]}: Int! @shareable" if root or choice.random() < 0.3 else ""
        parts.append(f"type {kind} implements Item {directives} {{ {fields} {own} }}")
    if root:
        parts.append("type Query { items: [Item!]! things: [Thing!]! } union Thing = Book | Film | Song | Note")
        parts.append('type Note @key(fields: "id") { id: ID! }')
    return LINK + "\n".join(parts)


def _hidden(key: str, own: list[str], requires: dict[str, str | None], *, root: bool, provides: bool) -> str:
    """A subgraph that has the interface as an object."""
    fields = [f"{key}: ID!"]
    externals = {field for name in own for field in (requires[name] or "").split()}
    if provides:
        externals.add("title")
    fields += [f"{field}: {'Int!' if field != 'title' else 'String!'} @external" for field in sorted(externals)]
    for name in own:
        needed = requires[name]
        fields.append(f"{name}: Int! @shareable" + (f' @requires(fields: "{needed}")' if needed else ""))
    text = f'type Item @key(fields: "{key}") @interfaceObject {{ {" ".join(fields)} }}'
    if root:
        extra = ' @provides(fields: "title")' if provides else ""
        text += f" type Query {{ shelf: [Item!]!{extra} note: Note! }}"
        text += ' type Note @key(fields: "id") { id: ID! text: String! about: Item! }'
    return LINK + text


def _world(seed: int) -> Federation:
    choice = random.Random(seed)
    leaves = {name for name in LEAVES if choice.random() < 0.5}
    known = {
        "one": set(LEAVES) - leaves or {"title"},
        "two": set(LEAVES) if choice.random() < 0.3 else leaves or {"title"},
    }
    if set(LEAVES) - known["one"] - known["two"]:
        known["two"] = set(LEAVES)
    homes = {name: choice.choice(["three", "four"]) for name in BEHIND}
    placed = {home: [name for name in BEHIND if homes[name] == home] for home in ("three", "four")}
    requires: dict[str, str | None] = {}
    for name in BEHIND:
        fields = (CHAIN[name] or "").split()
        missing = [field for field in fields if homes.get(field) != homes[name]]
        requires[name] = " ".join(fields) if fields and len(missing) == len(fields) else None
    subgraphs = {
        "one": Subgraph(
            _known(choice, ["id", "code"], known["one"], root=True), ROOT, _entities("Item", *TYPES, "Note")
        ),
        "two": Subgraph(
            _known(choice, choice.choice([["id"], ["code"], ["id", "code"]]), known["two"], root=False),
            {},
            _entities("Item", *TYPES),
        ),
    }
    for home in ("three", "four"):
        root = home == "three"
        if placed[home] or root:
            key = choice.choice(["id", "code"])
            sdl = _hidden(key, placed[home], requires, root=root, provides=root and choice.random() < 0.5)
            needed = {name: requires[name] for name in placed[home]}
            entities = {"Item": partial(_behind, needed)}
            subgraphs[home] = Subgraph(
                sdl, _shelf() if root else {}, {**entities, **(_entities("Note") if root else {})}
            )
    return Federation(**subgraphs)


def _entities(*names: str) -> dict[str, Any]:
    return {name: (lambda r: _note(int(r["id"][1:]))) if name == "Note" else _plain for name in names}


def _shelf() -> dict[str, Any]:
    return {name: ROOT[name] for name in ("shelf", "note")}


def _query(seed: int) -> str:
    choice = random.Random(seed)

    def leaf(parent: Any) -> str:
        names = [n for n, f in parent.fields.items() if not hasattr(get_named_type(f.type), "fields")]
        name = choice.choice(names)
        alias = f"x{choice.randrange(99)}{name}: " if choice.random() < 0.2 else ""
        return alias + str(name)

    def selection(parent: Any, depth: int) -> str:
        parts = ["__typename"] if choice.random() < 0.3 else []
        if not isinstance(parent, GraphQLUnionType):
            parts += [leaf(parent) for _ in range(choice.randint(1, 3)) if parent is not WHOLE.query_type]
            links = [n for n, f in parent.fields.items() if not hasattr(get_named_type(f.type), "serialize")]
            for name in choice.sample(links, min(len(links), 2 if depth == 3 else 1)) if depth else ():
                parts.append(f"{name} {selection(get_named_type(parent.fields[name].type), depth - 1)}")
        if not hasattr(parent, "is_type_of") or isinstance(parent, GraphQLInterfaceType | GraphQLUnionType):
            names = [t.name for t in WHOLE.get_possible_types(parent)]
            for name in choice.sample(names, choice.randint(0, 2)):
                parts.append(f"... on {name} {selection(WHOLE.type_map[name], max(depth - 1, 0))}")
            if isinstance(parent, GraphQLUnionType) and choice.random() < 0.4:
                parts.append(f"... on Item {selection(WHOLE.type_map['Item'], max(depth - 1, 0))}")
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    return selection(WHOLE.query_type, 3)


def _same(world_seed: int, query_seeds: list[int]) -> None:
    federation = _world(world_seed)
    for seed in query_seeds:
        query = _query(seed)
        expected = execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve)
        if expected.errors:
            continue  # the random fragments ask for different things under one name
        answer = asyncio.run(federation.run(query))
        assert answer == {"data": expected.data}, query


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=5, max_size=5))
def test_a_random_query_is_answered_as_by_one_schema(world_seed: int, query_seeds: list[int]) -> None:
    _same(world_seed, query_seeds)


@pytest.mark.parametrize("seed", range(4))
def test_everything_at_once(seed: int) -> None:
    federation = _world(seed)
    item = "__typename id title price shape rating stock badge ... on Book { ofBook } ... on Film { ofFilm }"
    query = (
        f"{{ items {{ {item} next {{ {item} }} }} shelf {{ {item} twin {{ {item} }} }} note {{ about {{ {item} }} }} }}"
    )
    expected = execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve)
    assert asyncio.run(federation.run(query)) == {"data": expected.data}


@pytest.mark.parametrize("seed", range(4))
def test_fields_that_fail_are_null_with_an_error_at_their_place(seed: int) -> None:
    """Nothing else depends on these: the answer is that of one schema in which they fail."""
    choice = random.Random(seed)
    federation = _world(seed)
    for query in _valid(range(5 * seed, 5 * seed + 5)):
        with _failing({(choice.randrange(SIZE), choice.choice(["shape", "twin"])) for _ in range(2)}):
            expected = execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve)
            answer = asyncio.run(federation.run(query))
        assert answer["data"] == expected.data, query
        paths = {tuple(error.path or ()) for error in expected.errors or ()}
        assert {tuple(error["path"]) for error in answer.get("errors", [])} == paths, query


@pytest.mark.parametrize("seed", range(6))
def test_errors_that_take_more_than_their_field_are_told_at_their_place(seed: int) -> None:
    """Where nulls go up, one error for each is enough, whichever; it stands where some field did fail."""
    choice = random.Random(seed)
    federation = _world(seed)
    names = ["title", "badge", "next", "note", "shape", "twin"]  # nothing requires these
    for query in _valid(range(10 * seed, 10 * seed + 10)):
        whole = execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve).data
        with _failing({(choice.randrange(SIZE), choice.choice(names)) for _ in range(3)}):
            expected = execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve)
            lenient = execute_sync(LENIENT, parse(query), ROOT, field_resolver=_resolve)
            answer = asyncio.run(federation.run(query))
        assert answer["data"] == expected.data, query
        paths = {tuple(error["path"]) for error in answer.get("errors", [])}
        possible = {tuple(error.path or ()) for error in lenient.errors or ()}
        assert paths <= possible, query
        if len(possible) == len(expected.errors or ()):
            assert paths == possible, query
        for lost in _lost(answer["data"], whole):
            assert any(path[: len(lost)] == lost for path in paths), query


@pytest.mark.parametrize("seed", range(4))
def test_whatever_fails_what_is_answered_is_right(seed: int) -> None:
    """Keys, requirements and fields that may not be null fail: the answer has less, never anything else."""
    choice = random.Random(seed)
    federation = _world(seed)
    names = ["title", "price", "rating", "stock", "badge", "next", "note", "shape"]
    for query in _valid(range(5 * seed, 5 * seed + 5)):
        whole = execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve).data
        with _failing({(choice.randrange(SIZE), choice.choice(names)) for _ in range(3)}):
            answer = asyncio.run(federation.run(query))
        assert _is_part(answer["data"], whole), query
        assert answer["data"] == whole or answer["errors"], query


@contextmanager
def _failing(fields: set[tuple[int, str]]) -> Iterator[None]:
    FAILING.update(fields)
    try:
        yield
    finally:
        FAILING.clear()


def _valid(query_seeds: Iterable[int]) -> Iterator[str]:
    """Random fragments may ask for different things under one name, which is not allowed."""
    for query in map(_query, query_seeds):
        if not execute_sync(WHOLE, parse(query), ROOT, field_resolver=_resolve).errors:
            yield query


def _is_part(less: Any, more: Any) -> bool:
    """Whether the one is the other, but for nulls."""
    if less is None or less == more:
        return True
    if isinstance(less, dict) and isinstance(more, dict):
        return less.keys() == more.keys() and all(_is_part(less[key], more[key]) for key in less)
    if isinstance(less, list) and isinstance(more, list):
        return len(less) == len(more) and all(_is_part(one, other) for one, other in zip(less, more, strict=True))
    return False


def _lost(less: Any, more: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the one has null in place of what the other has."""
    if less is None and more is not None:
        yield path
    elif isinstance(less, dict):
        for key, value in less.items():
            yield from _lost(value, more[key], (*path, key))
    elif isinstance(less, list):
        for index, value in enumerate(less):
            yield from _lost(value, more[index], (*path, index))
