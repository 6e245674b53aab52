"""Subgraphs that do not compose: the specification's codes, subgraphs and coordinates named, all at once."""

import pytest
from gateway.tests.subgraph_world import LINK, source

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.errors import CompositionFailed

X = 'type X @key(fields: "id") { id: ID! }'
CONTEXT = """
type Query { u: U }
type U @key(fields: "id") @context(name: "c") { id: ID! p: Int t: T! }
type T @key(fields: "id") { id: ID! f(x: Int @fromContext(field: "$c { p }")): Int }
"""
CASES = {
    "INVALID_GRAPHQL": (["type Query { a: "], ["[a]"]),
    "INVALID_GRAPHQL unknown type": (["type Query { a: Nope }"], ["[a]", "Nope"]),
    "NO_QUERIES": ([X], []),
    "TYPE_KIND_MISMATCH": (["type Query { t: T } type T { a: Int }", "scalar T"], ["T", '"a"', '"b"']),
    "INVALID_FIELD_SHARING": (
        ["type Query { t: T } type T { a: Int }", "type T { a: Int @shareable }"],
        ["T.a", '@shareable in "a"', '"b"'],
    ),
    "INVALID_FIELD_SHARING root": (["type Query { a: Int }", "type Query { a: Int }"], ["Query.a"]),
    "FIELD_TYPE_MISMATCH": (
        ["type Query { a: Int @shareable }", "type Query { a: [Int] @shareable }"],
        ["Query.a", 'Int in "a"', '[Int] in "b"'],
    ),
    "FIELD_TYPE_MISMATCH input": (
        ["type Query { a(i: I): Int } input I { n: Int }", "type Query { b(i: I): Int } input I { n: String }"],
        ["I.n", 'Int in "a"', 'String in "b"'],
    ),
    "FIELD_ARGUMENT_TYPE_MISMATCH": (
        ["type Query { a(x: Int): Int @shareable }", "type Query { a(x: ID): Int @shareable }"],
        ["Query.a(x:)"],
    ),
    "FIELD_ARGUMENT_DEFAULT_MISMATCH": (
        ["type Query { a(x: Int = 1): Int @shareable }", "type Query { a(x: Int = 2): Int @shareable }"],
        ["Query.a(x:)", "1", "2"],
    ),
    "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH": (
        ["type Query { a(x: Int!): Int @shareable }", "type Query { a: Int @shareable }"],
        ["Query.a(x:)", 'required in "a"', 'missing in "b"'],
    ),
    "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH": (
        ["type Query { a(i: I): Int } input I { n: Int! m: Int }", "type Query { b(i: I): Int } input I { m: Int }"],
        ["I.n"],
    ),
    "EMPTY_MERGED_INPUT_TYPE": (
        ["type Query { a(i: I): Int } input I { n: Int }", "type Query { b(i: I): Int } input I { m: Int }"],
        ["input I"],
    ),
    "ENUM_VALUE_MISMATCH": (
        ["type Query { a(e: E): E } enum E { A B }", "type Query { b: E } enum E { A }"],
        ["E.B", 'missing in "b"'],
    ),
    "EMPTY_MERGED_ENUM_TYPE": (
        ["type Query { a(e: E): Int } enum E { A }", "type Query { b(e: E): Int } enum E { B }"],
        ["enum E"],
    ),
    "KEY_INVALID_FIELDS": (['type Query { x: X } type X @key(fields: "nope") { id: ID! }'], ["[a]", "nope"]),
    "KEY_INVALID_FIELDS syntax": (['type Query { x: X } type X @key(fields: "id {") { id: ID! }'], ["[a]"]),
    "KEY_FIELDS_HAS_ARGS": (['type Query { x: X } type X @key(fields: "id") { id(a: Int): ID! }'], ["X.id"]),
    "KEY_FIELDS_SELECT_INVALID_TYPE": (
        ['type Query { x: X } type X @key(fields: "u { __typename }") { u: U! } union U = X'],
        ["X.u"],
    ),
    "REQUIRES_INVALID_FIELDS": (
        ['type Query { x: X } type X @key(fields: "id") { id: ID! a: Int @requires(fields: "b") }'],
        ["X.a", "b"],
    ),
    "REQUIRES_FIELDS_MISSING_EXTERNAL": (
        ['type Query { x: X } type X @key(fields: "id") { id: ID! b: Int a: Int @requires(fields: "b") }'],
        ["X.b"],
    ),
    "PROVIDES_INVALID_FIELDS": (['type Query { x: X @provides(fields: "b") } ' + X], ["Query.x"]),
    "PROVIDES_ON_NON_OBJECT_FIELD": (['type Query { x: Int @provides(fields: "b") }'], ["Query.x"]),
    "EXTERNAL_UNUSED": (
        ["type Query { x: X } " + X, 'type X @key(fields: "id") { id: ID! n: Int @external m: Int }'],
        ["X.n"],
    ),
    "EXTERNAL_MISSING_ON_BASE": (
        ['type Query { x: X } type X @key(fields: "id") { id: ID! n: Int @external m: Int @requires(fields: "n") }'],
        ["X.n"],
    ),
    "OVERRIDE_FROM_SELF_ERROR": (['type Query { a: Int @override(from: "a") }'], ["Query.a"]),
    "OVERRIDE_SOURCE_HAS_OVERRIDE": (
        ['type Query { a: Int @override(from: "b") }', 'type Query { a: Int @override(from: "a") }'],
        ["Query.a"],
    ),
    "INTERFACE_FIELD_NO_IMPLEM": (
        [
            "type Query { i: I } interface I { a: Int } type T implements I { a: Int @shareable }",
            "interface I { a: Int b: Int } type U implements I { a: Int b: Int }",
        ],
        ["T", '"b"'],
    ),
    "SATISFIABILITY_ERROR": (
        ["type Query { t: T } type T @shareable { a: Int }", "type T @shareable { a: Int b: Int }"],
        ["T.b", "query → t", '"a"', '"b"'],
    ),
    "CONTEXT_NOT_SET": ([CONTEXT.replace("$c", "$d")], ["T.f(x:)", "d"]),
    "CONTEXT_INVALID_SELECTION": ([CONTEXT.replace("p }", "id }")], ["T.f(x:)", "U", "ID", "Int"]),
    "CONTEXT_NAME_INVALID": ([CONTEXT.replace('name: "c"', 'name: "c_c"')], ["c_c", "U"]),
    "NO_CONTEXT_IN_SELECTION": ([CONTEXT.replace("$c { p }", "p")], ["T.f(x:)"]),
    "CONTEXT_NO_RESOLVABLE_KEY": ([CONTEXT.replace('type T @key(fields: "id")', "type T")], ["T.f(x:)", "T"]),
    "SATISFIABILITY_ERROR context": ([CONTEXT + " extend type Query { t: T }"], ["T.f", "query → t"]),
    "INVALID_LINK_DIRECTIVE_USAGE": (
        ['extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@interfaceObject"])'],
        ["[a]", "@interfaceObject"],
    ),
    "INVALID_GRAPHQL directive": (["type Query { a: Int @nope }"], ["[a]", "@nope"]),
    "INVALID_GRAPHQL twice": (["type Query { a: Int a: Int }"], ["[a]", "Query.a"]),
    "INVALID_GRAPHQL interface": (
        ["type Query { i: I } interface I { a: Int } type T implements I { b: Int }"],
        ["[a]", "T", "I", "a"],
    ),
    "ROOT_QUERY_USED": (["schema { query: Q } type Q { a: Int } type Query { b: Int }"], ["[a]", "Query"]),
    "EXTENSION_WITH_NO_BASE": (["type Query { a: Int }", f"extend {X}"], ["X", '"b"']),
    "EXTERNAL_ARGUMENT_MISSING": (
        [
            'type Query { x: X } type X @key(fields: "id") { id: ID! n(a: Int): Int }',
            'type X @key(fields: "id") { id: ID! n: Int @external m: Int @requires(fields: "n") }',
        ],
        ["X.n", '"b"', '"a"'],
    ),
    "EXTERNAL_TYPE_MISMATCH": (
        [
            'type Query { x: X } type X @key(fields: "id") { id: ID! n: Int }',
            'type X @key(fields: "id") { id: ID! n: String @external m: Int @requires(fields: "n") }',
        ],
        ["X.n", '"b"', "String", "Int"],
    ),
    "EXTERNAL_ON_INTERFACE": (["type Query { i: I } interface I { a: Int @external }"], ["I.a"]),
    "INVALID_SHAREABLE_USAGE": (["type Query { i: I } interface I { a: Int @shareable }"], ["I.a"]),
    "OVERRIDE_ON_INTERFACE": (['type Query { i: I } interface I { a: Int @override(from: "b") }'], ["I.a"]),
    "OVERRIDE_LABEL_INVALID": (
        ['type Query { a: Int @override(from: "b", label: "percent(101)") }'],
        ["Query.a", "101"],
    ),
    "KEY_INVALID_FIELDS_TYPE": (["type Query { x: X } type X @key(fields: 1) { id: ID! }"], ["X"]),
    "INTERFACE_KEY_NOT_ON_IMPLEMENTATION": (
        ['type Query { i: I } interface I @key(fields: "id") { id: ID! } type T implements I { id: ID! }'],
        ["[a]", "T", "I", '"id"'],
    ),
    "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE": (
        [
            'type Query { i: I } interface I @key(fields: "id") { id: ID! }',
            'interface I { id: ID! } type T implements I @key(fields: "id") { id: ID! }',
        ],
        ["[a]", "I", '"T"'],
    ),
    "INTERFACE_OBJECT_USAGE_ERROR": (["type Query { i: I } type I @interfaceObject { a: Int }"], ["I", "@key"]),
    "INTERFACE_OBJECT_USAGE_ERROR everywhere": (
        ['type Query { i: I } type I @interfaceObject @key(fields: "a") { a: Int }'],
        ["I", "interface"],
    ),
    "INTERFACE_OBJECT_USAGE_ERROR types": (
        [
            (
                'type Query { i: I } interface I @key(fields: "id") { id: ID! } '
                'type T implements I @key(fields: "id") { id: ID! }'
            ),
            'type I @interfaceObject @key(fields: "id") { id: ID! } type T @key(fields: "id") { id: ID! a: Int }',
        ],
        ['"b"', "I", '"T"'],
    ),
    "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE": (["type Query { i: I } interface I { a: Int @authenticated }"], ["I"]),
    "MISSING_TRANSITIVE_AUTH_REQUIREMENTS": (
        [
            'type Query { x: X } type X @key(fields: "id") { id: ID! n: Int @requiresScopes(scopes: [["s"]]) }',
            'type X @key(fields: "id") { id: ID! n: Int @external m: Int @requires(fields: "n") }',
        ],
        ["[b]", "X.m", "X.n", "@requiresScopes"],
    ),
    "COST_APPLIED_TO_INTERFACE_FIELD": (["type Query { i: I } interface I { a: Int @cost(weight: 1) }"], ["I.a"]),
    "LIST_SIZE_APPLIED_TO_NON_LIST": (["type Query { a: Int @listSize(assumedSize: 1) }"], ["Query.a"]),
    "LIST_SIZE_INVALID_ASSUMED_SIZE": (["type Query { a: [Int] @listSize(assumedSize: -1) }"], ["Query.a"]),
    "LIST_SIZE_INVALID_SLICING_ARGUMENT": (
        ['type Query { a(n: ID): [Int] @listSize(slicingArguments: ["n"]) }'],
        ["Query.a", "n"],
    ),
    "LIST_SIZE_INVALID_SIZED_FIELD": (['type Query { a: [Int] @listSize(sizedFields: ["n"]) }'], ["Query.a", "n"]),
    "DIRECTIVE_COMPOSITION_ERROR": (
        ['extend schema @composeDirective(name: "@mine") directive @mine on OBJECT type Query { a: Int }'],
        ['"a"', "@mine"],
    ),
    "DIRECTIVE_COMPOSITION_ERROR not defined": (
        ['extend schema @composeDirective(name: "@mine") type Query { a: Int }'],
        ['"a"', "@mine"],
    ),
    "DIRECTIVE_COMPOSITION_ERROR versions": (
        [
            f'extend schema @link(url: "https://example.com/mine/{version}", import: ["@mine"]) '
            f'@composeDirective(name: "@mine") directive @mine on FIELD_DEFINITION type Query {{ {name}: Int }}'
            for version, name in (("v1.0", "a"), ("v2.0", "b"))
        ],
        ["https://example.com/mine"],
    ),
    "QUERY_ROOT_TYPE_INACCESSIBLE": (["type Query @inaccessible { a: Int }"], []),
    "REFERENCED_INACCESSIBLE": (["type Query { t: T } type T @inaccessible { a: Int }"], ["Query.t", "T"]),
    "ONLY_INACCESSIBLE_CHILDREN": (["type Query { e: E } enum E { A @inaccessible }"], ["E"]),
    "REQUIRED_INACCESSIBLE": (["type Query { a(x: Int! @inaccessible): Int }"], ["Query.a(x:)"]),
    "DEFAULT_VALUE_USES_INACCESSIBLE": (
        ["type Query { a(x: [E!] = [A]): Int } enum E { A @inaccessible B }"],
        ["Query.a(x:)", "E.A"],
    ),
    "IMPLEMENTED_BY_INACCESSIBLE": (
        ["type Query { i: I } interface I { a: Int b: Int } type T implements I { a: Int @inaccessible b: Int }"],
        ["T.a", "I.a"],
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_the_code_and_the_coordinates(case: str) -> None:
    subgraphs, named = CASES[case]
    with pytest.raises(CompositionFailed) as failure:
        compose_supergraph([source(name, LINK + sdl) for name, sdl in zip("ab", subgraphs, strict=False)])
    found = [problem for problem in failure.value.problems if problem.code == case.split(" ", maxsplit=1)[0]]
    assert found, failure.value
    assert all(any(text in str(problem) for problem in found) for text in named), failure.value


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(CompositionFailed) as failure:
        compose_supergraph(
            [
                source("a", LINK + "type Query { a: Int b(x: Int!): Int @shareable c: Int @shareable }"),
                source("b", LINK + "type Query { a: Int b: Int @shareable c: String @shareable }"),
            ]
        )
    assert sorted(problem.code for problem in failure.value.problems) == [
        "FIELD_TYPE_MISMATCH",
        "INVALID_FIELD_SHARING",
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    ]


def test_two_subgraphs_of_one_name() -> None:
    with pytest.raises(CompositionFailed, match="INVALID_SUBGRAPH_NAME"):
        compose_supergraph([source("a", "type Query { a: Int }"), source("a", "type Query { b: Int }")])
