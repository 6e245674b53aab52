"""Planning stays within bounds on shapes made to hurt: what is counted is work, not time."""

from __future__ import annotations

import pytest
from gateway.tests.subgraph_world import LINK, source
from graphql import parse

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.planning.planner import plan_operation
from rapport_gateway.planning.printer import print_plan
from rapport_gateway.planning.weigh import Weighing
from rapport_gateway.supergraph.loader import load_supergraph
from rapport_gateway.supergraph.model import Supergraph

GRAPHS = 30


def _count_decisions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts = [0]
    evaluate = Weighing.evaluate

    def counted(self: Weighing, *arguments: object) -> object:
        counts[0] += 1
        return evaluate(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Weighing, "evaluate", counted)
    return counts


def _plan(supergraph: Supergraph, query: str) -> str:
    document = parse(query)
    return print_plan(plan_operation(supergraph, document, document.definitions[0], {}))  # type: ignore[arg-type]


@pytest.fixture(name="wide", scope="module")
def _wide() -> Supergraph:
    """An entity in 30 subgraphs: own fields, fields that all share, and links to itself."""
    subgraphs = []
    for number in range(GRAPHS):
        root = "type Query { x: X }" if number == 0 else ""
        shared = " ".join(f"s{n}: Int @shareable" for n in range(10) if number)
        own = " ".join(f"f{number}_{n}: Int" for n in range(7))
        sdl = f'{LINK}{root} type X @key(fields: "id") {{ id: ID! {own} {shared} l{number}: X all: X @shareable }}'
        subgraphs.append(source(f"g{number}", sdl))
    return load_supergraph(compose_supergraph(subgraphs))


def test_200_fields_over_30_subgraphs(wide: Supergraph, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = _count_decisions(monkeypatch)
    fields = " ".join(f"f{graph}_{n}" for graph in range(GRAPHS) for n in range(7))
    plan = _plan(wide, f"{{ x {{ {fields} }} }}")
    assert plan.count("Fetch(") == GRAPHS
    assert counts[0] < 2_000


def test_fields_that_many_could_give_come_from_one(wide: Supergraph) -> None:
    plan = _plan(wide, "{ x { " + " ".join(f"s{n}" for n in range(10)) + " f7_0 } }")
    assert plan.count("Fetch(") == 2
    assert "'g7'" in plan


def test_a_long_way_down_shared_links(wide: Supergraph, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = _count_decisions(monkeypatch)
    query = "f29_0 s1"
    for _ in range(12):
        query = f"f3_0 all {{ {query} }}"
    plan = _plan(wide, f"{{ x {{ {query} }} }}")
    assert plan.count("f3_0") == 12
    assert counts[0] < 20_000


def test_wide_unions_are_planned_once_for_alike_types(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = _count_decisions(monkeypatch)
    types = [f"T{n}" for n in range(60)]
    first = " ".join(f'type {t} implements I @key(fields: "id") {{ id: ID! next: I }}' for t in types)
    second = " ".join(f'type {t} @key(fields: "id") {{ id: ID! n: Int }}' for t in types)
    supergraph = load_supergraph(
        compose_supergraph(
            [
                source("a", f"{LINK} type Query {{ i: I }} interface I {{ id: ID! next: I }} {first}"),
                source("b", LINK + second),
            ]
        )
    )
    leaves = " ".join(f"... on {t} {{ n }}" for t in types)
    plan = _plan(supergraph, f"{{ i {{ next {{ next {{ next {{ {leaves} }} }} }} }} }}")
    assert plan.count("Fetch(") == 2
    assert counts[0] < 2_000


def test_types_that_differ_at_every_level_share_what_is_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four types, each with a field of its own at each of 14 levels: one walk of what they all select, not 4^14."""
    counts = _count_decisions(monkeypatch)
    types = [f"T{n}" for n in range(4)]
    first = " ".join(
        f'type {t} implements I @key(fields: "id") {{ id: ID! next: I own{n}: Int }}' for n, t in enumerate(types)
    )
    supergraph = load_supergraph(
        compose_supergraph(
            [
                source(
                    "a", f'{LINK} type Query {{ i: I }} interface I @key(fields: "id") {{ id: ID! next: I }} {first}'
                ),
                source(
                    "b", f'{LINK} type Query {{ j: I }} type I @interfaceObject @key(fields: "id") {{ id: ID! n: Int }}'
                ),
            ]
        )
    )
    query = "n __typename"
    own = " ".join(f"... on {t} {{ own{n} }}" for n, t in enumerate(types))
    for _ in range(14):
        query = f"n {own} next {{ {query} }}"
    for root in ("i", "j"):
        plan = _plan(supergraph, f"{{ {root} {{ {query} }} }}")
        assert plan.count("Fetch(") <= 3
    assert counts[0] < 2_000
