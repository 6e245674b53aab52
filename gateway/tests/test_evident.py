"""What is told to be evidently valid is valid by graphql-core's rules; and it is what clients usually send."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway.tests.crm import SUPERGRAPH
from gateway.tests.mutated_documents import mutated
from gateway.tests.test_validation import DOCUMENTS, SCHEMA
from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, parse, validate
from graphql.validation.rules import overlapping_fields_can_be_merged
from hostile_documents import hostile_documents

from rapport_gateway.limits.evident import EvidentlyValid

CRM = SUPERGRAPH.api_schema
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "queries"
EVIDENT = (
    '{ dog(name: "a") { name owner { pets { name } } } }',
    "query ($n: String!, $s: Boolean!) { dog(name: $n) { name @skip(if: $s) ...on Pet { owner { name } } } }",
    (
        'query A { dog(name: "x", age: 3) { ...D } } query B { pets { __typename ...D @include(if: true) } } '
        "fragment D on Dog { name barks owner { n: name } ...P } fragment P on Pet { name }"
    ),
    'query ($f: Filter = {name: "x", mood: GOOD}, $i: [ID!]) { pets(filter: $f, ids: $i) { name } }',
    'query { pets(ids: "a", filter: {name: "b"}) { name } }',
    'query ($m: Mood, $n: String!) { pets(filter: {name: $n, mood: $m}, ids: [1, "b"]) { __typename name } }',
    (
        'query ($n: String = "a", $a: Int) { dog(name: $n, age: $a) { barks } ...Q } fragment Q on Query '
        "{ d: dog(name: $n) { name } }"
    ),
    'mutation { feed(dog: "1") { name } again: feed(dog: 2) { ... { name } ... on Dog { name } } }',
)
WORDS = ("null", "true", "[", "]", "{", "}", "$n", "$m", "@skip", "either", "a", "Int!", "Cat", "subscription", "...A")


def evident(schema: GraphQLSchema, document: DocumentNode, max_comparisons: int = 10_000) -> bool:
    return EvidentlyValid(schema, max_comparisons).holds(document)


def problems(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    return validate(schema, document, max_errors=1, hide_suggestions=True)


@pytest.mark.parametrize("text", EVIDENT)
def test_what_is_usual(text: str) -> None:
    document = parse(text)
    assert evident(SCHEMA, document)
    assert problems(SCHEMA, document) == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.graphql")), ids=lambda file: file.stem)
def test_the_examples(file: Path) -> None:
    document = parse(file.read_text(encoding="utf-8"))
    assert evident(CRM, document) == (file.stem != "live")


@pytest.mark.parametrize("text", [text for text in DOCUMENTS if text not in EVIDENT])
def test_what_is_wrong(text: str) -> None:
    assert problems(SCHEMA, parse(text))
    assert not evident(SCHEMA, parse(text))


def test_mistakes_are_left_to_the_rules() -> None:
    counts = {True: 0, False: 0}
    walk = EvidentlyValid(SCHEMA, 10_000)
    for document in mutated([*EVIDENT, *DOCUMENTS], 4_000, words=WORDS):
        holds = walk.holds(document)
        counts[holds] += 1
        if holds:
            assert problems(SCHEMA, document) == []
    assert min(counts.values()) > 100


def test_mistakes_in_the_examples() -> None:
    texts = [file.read_text(encoding="utf-8") for file in sorted(EXAMPLES.glob("*.graphql"))]
    walk = EvidentlyValid(CRM, 10_000)
    held = [document for document in mutated(texts, 600) if walk.holds(document)]
    assert len(held) > 20
    assert [problems(CRM, document) for document in held] == [[]] * len(held)


@pytest.mark.parametrize("limit", [10_000, 700])
def test_what_the_rules_would_compare_too_often(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(overlapping_fields_can_be_merged, "MAX_COMPLEXITY_BUDGET", 2 * limit)
    walk = EvidentlyValid(SCHEMA, limit)
    held = 0
    for number in range(1, 60):
        names = " ".join(f"...F{each}" for each in range(number))
        fields = " ".join(f"p{each}: pets {{ name }}" for each in range(number % 7 + 1))
        fragments = " ".join(f"fragment F{each} on Query {{ a{each}: pets {{ name }} }}" for each in range(number))
        document = parse(f"{{ {names} {fields} }} {fragments}")
        if walk.holds(document):
            held += 1
            assert problems(SCHEMA, document) == []
    assert 0 < held < 59


@pytest.mark.parametrize("hostile", hostile_documents(), ids=lambda hostile: hostile.name)
def test_hostile_documents(hostile: object) -> None:
    try:
        document = parse(hostile.text, max_tokens=5_000)  # type: ignore[attr-defined]
    except GraphQLError:
        return
    assert not evident(CRM, document) or problems(CRM, document) == []


def test_a_condition_of_the_schemas_own() -> None:
    schema = build_schema("directive @skip(if: Int!) on FIELD type Query { a: Int }")
    assert not evident(schema, parse("{ a @skip(if: 1) }"))
    assert evident(schema, parse("{ a @include(if: true) }"))
