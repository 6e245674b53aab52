"""Work for planning grows slowly on shapes made to hurt. Counted are calls of functions of the gateway, not seconds."""

from __future__ import annotations

from collections.abc import Callable
from cProfile import Profile

import pytest
from gateway.tests.subgraph_world import LINK, planned, source

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.planning.plan import Fetch, Parallel, PlanNode, Sequence
from rapport_gateway.supergraph.loader import load_supergraph

Shape = Callable[[int], tuple[dict[str, str], str]]
ROOT = "type Query { x: X } "
KEYED = 'type X @key(fields: "id") { id: ID! '


def _all(form: str, *numbers: int) -> str:
    return " ".join(form.format(i=i, next=i + 1) for i in range(*numbers))


def equal_keys(size: int) -> tuple[dict[str, str], str]:
    """Six subgraphs that know an entity by the same many keys."""
    keys = "type X " + _all('@key(fields: "k{i}")', size) + " { " + _all("k{i}: ID!", size)
    return {"a": ROOT + keys + " }", **{f"b{i}": f"{keys} v{i}: Int }}" for i in range(6)}}, _x(_all("v{i}", 6))


def ring_of_keys(size: int) -> tuple[dict[str, str], str]:
    """Each subgraph translates one key into the next."""
    form = 'type X @key(fields: "k{i}") @key(fields: "k{next}") {{ k{i}: ID! k{next}: ID! v{i}: Int }}'
    rest = {f"b{i}": form.format(i=i, next=i + 1) for i in range(size)}
    return {"a": ROOT + 'type X @key(fields: "k0") { k0: ID! }', **rest}, _x(_all("v{i}", size))


def pairs_of_keys(size: int) -> tuple[dict[str, str], str]:
    """Every subgraph is entered by its number with any other."""

    def known(number: int) -> str:
        keys = " ".join(f'@key(fields: "k{i} k{number}")' for i in range(size) if i != number)
        return f'type X {keys} @key(fields: "k0") {{ {_all("k{i}: ID!", size)} v{number}: Int }}'

    rest = {f"b{number}": known(number) for number in range(size)}
    return {"a": ROOT + 'type X @key(fields: "k0") { k0: ID! }', **rest}, _x(_all("v{i}", size))


def chain_of_requirements(size: int) -> tuple[dict[str, str], str]:
    """Back and forth between two subgraphs, each step needing the one before."""

    def half(parity: int) -> str:
        own = [f'r{i}: Int @requires(fields: "r{i - 1}")' for i in range(1, size + 1) if i % 2 == parity]
        needed = [f"r{i}: Int @external" for i in range(size) if i % 2 != parity and (i or parity)]
        return KEYED + " ".join([*own, *needed]) + " }"

    return {"a": ROOT + KEYED + "r0: Int }", "b": half(1), "c": half(0)}, _x(f"r{size}")


def requirements_of_all_before(size: int) -> tuple[dict[str, str], str]:
    """Walked one by one, these are two to the power of the size."""
    form = '{keyed}{external} r{i}: Int @requires(fields: "{needed}") }}'
    rest = {
        f"s{i}": form.format(keyed=KEYED, external=_all("r{i}: Int @external", i), i=i, needed=_all("r{i}", i))
        for i in range(1, size)
    }
    return {"s0": ROOT + KEYED + "r0: Int }", **rest}, _x(f"r{size - 1}")


def fragments_of_fragments(size: int) -> tuple[dict[str, str], str]:
    """Each spreads the one before twice."""
    fragments = " ".join(
        f"fragment F{i} on X {{ ...F{i - 1} ... @include(if: true) {{ ...F{i - 1} }} x {{ id }} }}"
        for i in range(1, size)
    )
    query = f"query {{ x {{ ...F{size - 1} }} }} fragment F0 on X {{ v w }} {fragments}"
    return {"a": ROOT + KEYED + "x: X v: Int }", "b": KEYED + "w: Int }"}, query


def interfaces_and_types(size: int) -> tuple[dict[str, str], str]:
    """As many interfaces as types, every type of every interface, all conditions at three levels."""
    names = " & ".join(f"I{i}" for i in range(size))
    fields = _all("f{i}: Int", size)
    interfaces = _all("interface I{i} {{ id: ID! f{i}: Int next: I0 }}", size)
    types = " ".join(
        f'type T{i} implements {names} @key(fields: "id") {{ id: ID! next: I0 {fields} }}' for i in range(size)
    )
    other = _all('type T{i} @key(fields: "id") {{ id: ID! w: Int }}', size)
    all_of = _all("... on I{i} {{ f{i} }}", size) + " " + _all("... on T{i} {{ w }}", size)
    query = f"{{ i {{ {all_of} next {{ {all_of} next {{ {all_of} }} }} }} }}"
    return {"a": "type Query { i: I0 } " + interfaces + types, "b": other}, query


def shared_links(size: int) -> tuple[dict[str, str], str]:
    """Every level may be fetched from any of six subgraphs."""
    query = "v0"
    for number in range(size):
        query = f"v{number % 6} n {{ {query} }}"
    rest = {f"b{i}": f"{KEYED} n: X @shareable v{i}: Int }}" for i in range(6)}
    return {"a": ROOT + KEYED + "}", **rest}, _x(query)


def _x(selection: str) -> str:
    return f"{{ x {{ {selection} }} }}"


@pytest.mark.parametrize(
    ("shape", "size", "most_steps", "most_growth", "fetches"),
    [
        (equal_keys, 10, 60_000, 3, 7),
        (ring_of_keys, 15, 250_000, 9, 16),
        (pairs_of_keys, 8, 90_000, 9, 9),
        (chain_of_requirements, 30, 140_000, 5, 31),
        (requirements_of_all_before, 10, 90_000, 7, 10),
        (fragments_of_fragments, 30, 15_000, 3, 2),
        (interfaces_and_types, 25, 800_000, 7, 2),
        (shared_links, 10, 350_000, 4, 7),
    ],
)
def test_twice_the_size_takes_no_more_than_some_times_the_work(
    shape: Shape, size: int, most_steps: int, most_growth: int, fetches: int
) -> None:
    """Four times would be quadratic, eight times cubic; nothing is worse."""
    half, _ = _measure(shape, size // 2)
    whole, plan = _measure(shape, size)
    assert whole < most_steps
    assert whole < most_growth * half
    assert _count(plan) == fetches


def test_fifty_interfaces_of_fifty_types() -> None:
    steps, plan = _measure(interfaces_and_types, 50)
    assert steps < 4_000_000
    assert _count(plan) == 2


def _measure(shape: Shape, size: int) -> tuple[int, PlanNode | None]:
    subgraphs, query = shape(size)
    supergraph = load_supergraph(
        compose_supergraph([source(name, LINK + sdl) for name, sdl in subgraphs.items()]),
    )
    profile = Profile(builtins=False)
    profile.enable()
    try:
        plan = planned(supergraph, query)
    finally:
        profile.disable()
    codes = ((entry.code, entry.callcount) for entry in profile.getstats())
    steps = sum(calls for code, calls in codes if "rapport_gateway" in getattr(code, "co_filename", ""))
    return steps, plan.node


def _count(node: PlanNode | None) -> int:
    match node:
        case Fetch():
            return 1
        case Sequence() | Parallel():
            return sum(_count(inner) for inner in node.nodes)
        case _:
            raise TypeError("a query is expected")
