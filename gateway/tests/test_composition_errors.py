"""Subgraphs that do not compose: the specification's codes, subgraphs and coordinates named, all at once."""

import pytest
from gateway.tests.subgraph_world import LINK, source

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.errors import CompositionFailed

X = 'type X @key(fields: "id") { id: ID! }'
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
    "UNSUPPORTED_FEATURE": (["type Query { a: Int @federation__authenticated }"], ["@authenticated"]),
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
