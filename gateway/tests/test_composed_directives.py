"""Directives that subgraphs put on fields and that the supergraph carries on, and overrides that move by steps."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, source

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.access import Access
from rapport_gateway.supergraph.loader import load_supergraph

MINE = (
    'extend schema @link(url: "https://example.com/mine/{version}", import: ["@mine"]) @composeDirective(name: "@mine")'
)


def _composed(**subgraphs: str) -> str:
    return compose_supergraph([source(name, LINK + sdl) for name, sdl in subgraphs.items()])


def test_access_is_what_all_subgraphs_ask_for() -> None:
    sdl = _composed(
        a='type Query { x: Int @shareable @requiresScopes(scopes: [["r"], ["admin"]]) '
        "y: Int @shareable @authenticated }",
        b='type Query { x: Int @shareable @requiresScopes(scopes: [["w"], ["r"]]) y: Int @shareable }',
    )
    assert 'x: Int @requiresScopes(scopes: [["r"], ["admin", "w"]])' in sdl
    assert "y: Int @authenticated" in sdl
    assert '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)' in sdl


def test_an_interface_asks_for_what_its_types_ask_for() -> None:
    sdl = _composed(
        a="type Query { i: I } interface I { x: Int } type S implements I { x: Int @authenticated } "
        'type T implements I { x: Int @policy(policies: [["p"]]) }'
    )
    interface = sdl[sdl.index("interface I") : sdl.index("type S")]
    assert 'x: Int @authenticated @policy(policies: [["p"]])' in interface


def test_costs_and_sizes_take_the_highest() -> None:
    size = "@listSize(assumedSize: {}, slicingArguments: [{}])"
    sdl = _composed(
        a=f'type Query {{ l(n: Int, m: Int): [Int] @shareable @cost(weight: 2) {size.format(5, """"n" """)} }}',
        b=f'type Query {{ l(n: Int, m: Int): [Int] @shareable @cost(weight: 7) {size.format(3, """"m" """)} }}',
    )
    assert '@cost(weight: 7) @listSize(assumedSize: 5, slicingArguments: ["n", "m"])' in sdl
    assert '@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize"])' in sdl
    assert load_supergraph(sdl)


def test_composed_directives_keep_their_uses_and_the_newest_definition() -> None:
    sdl = _composed(
        a=MINE.format(version="v1.0")
        + " directive @mine(n: Int) on FIELD_DEFINITION type Query { a: Int @mine(n: 1) }",
        b=MINE.format(version="v1.3")
        + " directive @mine(n: Int) on FIELD_DEFINITION | OBJECT type Query { b: T } type T @mine { x: Int }",
    )
    assert '@link(url: "https://example.com/mine/v1.3", import: ["@mine"])' in sdl
    assert "directive @mine(n: Int) on FIELD_DEFINITION | OBJECT" in sdl
    assert "a: Int @join__field(graph: A) @mine(n: 1)" in sdl
    assert sdl.count("@mine") == 4
    assert "mine" not in load_supergraph(sdl).api_schema.type_map


def test_directives_of_operations_that_all_subgraphs_know() -> None:
    sdl = _composed(
        a="directive @cached(for: Int, by: Int) on FIELD | QUERY directive @own on FIELD type Query { a: Int }",
        b="directive @cached(for: Int) on FIELD | FIELD_DEFINITION type Query { b: Int }",
    )
    assert "directive @cached(for: Int) on FIELD" in sdl
    assert [directive.name for directive in load_supergraph(sdl).api_schema.directives if directive.name == "cached"]
    assert "@own" not in sdl


def test_the_supergraph_tells_what_each_place_asks_for() -> None:
    sdl = _composed(
        a='type Query { x: Int @requiresScopes(scopes: [["r"], ["w", "s"]]) y: T } '
        'type T @authenticated @policy(policies: [["p"]]) { n: Int }'
    )
    assert dict(load_supergraph(sdl, to_serve=False).access) == {
        ("Query", "x"): Access(scopes=frozenset({frozenset({"r"}), frozenset({"w", "s"})})),
        ("T", None): Access(authenticated=True, policies=frozenset({frozenset({"p"})})),
    }


def test_access_directives_may_be_called_otherwise() -> None:
    sdl = _composed(a='type Query { x: Int @authenticated y: Int @policy(policies: [["p"]]) }')
    sdl = sdl.replace("@authenticated", "@signedIn").replace("@policy", "@rules__policy")
    sdl = sdl.replace('authenticated/v0.1", for', 'authenticated/v0.1", as: "signedIn", for')
    sdl = sdl.replace('policy/v0.1", for', 'policy/v0.1", as: "rules", import: ["@policy"], for')
    sdl = sdl.replace("@rules__policy", "@policy")
    assert dict(load_supergraph(sdl, to_serve=False).access) == {
        ("Query", "x"): Access(authenticated=True),
        ("Query", "y"): Access(policies=frozenset({frozenset({"p"})})),
    }


def test_arguments_from_a_context_are_hidden_and_told_to_the_model() -> None:
    sdl = _composed(
        a='type Query { u: U } type U @key(fields: "id") @context(name: "c") { id: ID! p: P t: T! } type P { q: Int } '
        'type T @key(fields: "id") { id: ID! f(x: Int @fromContext(field: "$c { p { q } }"), y: Int): Int }'
    )
    assert '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)' in sdl
    supergraph = load_supergraph(sdl)
    (argument,) = supergraph.field("T", "f").joins["A"].context_arguments
    assert (argument.name, argument.type_text, argument.context) == ("x", "Int", "a__c")
    assert argument.selection.text == "p{q}"
    assert supergraph.types["U"].contexts == {"a__c"}
    assert list(supergraph.api_schema.type_map["T"].fields["f"].args) == ["y"]  # type: ignore[attr-defined]


def test_directives_are_called_as_subgraphs_call_them() -> None:
    link = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{name: "@tag", as: "@label"}])'
    )
    types = 'type Query { x: Int @label(name: "n") y: Int @federation__inaccessible }'
    sdl = compose_supergraph([source("a", f"{link} {types}")])
    assert '@link(url: "https://specs.apollo.dev/tag/v0.3", import: [{ name: "@tag", as: "@label" }])' in sdl
    assert 'x: Int @label(name: "n")' in sdl
    assert list(load_supergraph(sdl).api_schema.query_type.fields) == ["x"]  # type: ignore[union-attr]
