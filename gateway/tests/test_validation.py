"""All rules in one visitor find what graphql-core finds with its own, in the same order."""

from __future__ import annotations

import pytest
from graphql import build_schema, parse, validate

from rapport_gateway.limits.validation import AllRules

SCHEMA = build_schema("""
type Query { dog(name: String!, age: Int = 1): Dog pets(filter: Filter, ids: [ID!]): [Pet!]! }
type Mutation { feed(dog: ID!): Dog }
type Subscription { barked: Dog hunger: Int }
interface Pet { name: String owner: Person }
type Dog implements Pet { name: String owner: Person barks: Int! }
type Cat implements Pet { name: String owner: Person lives: Int }
type Person { name: String pets: [Pet!] }
input Filter { name: String! mood: Mood either: Either }
input Either @oneOf { a: Int b: Int }
enum Mood { GOOD BAD }
""")
DOCUMENTS = (
    "{ dog(name: 1, age: $a, x: 2) { name name: barks } nothing }",
    "query A { dog { name } } query A { pets { name } } { pets }",
    "query ($a: Int, $a: String, $unused: Dog, $b: Filter = {mood: ODD, mood: GOOD, other: 1}) { pets(filter: $a) }",
    '{...A} fragment A on Query { dog(name: "x") { ...B ...C } } fragment B on Cat { lives { x } } fragment D on X {y}',
    "{ pets { ... on Dog { barks @skip(if: 1) @skip(if: true) @nothing owner { name(x: 1)}} ... on Person { name } } }",
    "subscription { barked { name } hunger } mutation @include(if: $x) { feed }",
    "fragment A on Pet { owner { pets { ...B } } } fragment B on Pet { owner { pets { ...A } } } { pets {...A ...A} }",
    "{ pets(ids: [null, 1, {a: 1}], filter: {either: {a: 1, b: 2}}) { name name owner { name } owner { name: pets }}}",
    "query ($x: [ID], $f: Either!) { pets(ids: $x, filter: {name: null, either: $f}) { name { x } } __typename @x }",
    'type Query { x: Int } { dog(name: "a") }',
    '{ dog(name: "a") { name owner { pets { name } } } }',
    "query ($n: String!, $s: Boolean!) { dog(name: $n) { name @skip(if: $s) ...on Pet { owner { name } } } }",
)


@pytest.mark.parametrize("text", DOCUMENTS)
@pytest.mark.parametrize("hide_suggestions", [False, True])
def test_errors_are_the_same(text: str, hide_suggestions: bool) -> None:
    document = parse(text)
    expected = validate(SCHEMA, document, hide_suggestions=hide_suggestions)
    found = validate(SCHEMA, document, (AllRules,), hide_suggestions=hide_suggestions)
    assert [error.formatted for error in found] == [error.formatted for error in expected]
    assert bool(found) == (text not in DOCUMENTS[-2:])


def test_it_ends_at_the_same_error() -> None:
    document = parse("{ " + " ".join(f"a{number}" for number in range(60)) + " }")
    expected = validate(SCHEMA, document, max_errors=50)
    found = validate(SCHEMA, document, (AllRules,), max_errors=50)
    assert [error.message for error in found] == [error.message for error in expected]
    assert len(found) == 51
