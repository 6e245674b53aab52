"""The quick count of tokens never refuses what the parser would take, and is not easily deceived."""

from __future__ import annotations

import time

import pytest
from graphql import Lexer, Source, TokenKind, get_introspection_query

from rapport_gateway.limits.tokens import has_more_tokens

VALID = (
    "{ a }",
    "{,,, a\ufeff b , }",
    get_introspection_query(),
    'query Q($a: [Int!]! = [1, -2.5e+3, 0.1E-2, 0], $b: B = {c: ENUM, d: null}) @x(y: "z") {...F...on T {a: b(c: $a)}}',
    '{ a(b: "", c: "\\"{ x }\\\\", d: "# no comment", e: "\\u{1F600}\\u0041") } # a comment { of tokens }',
    '{ a(b: """""", c: """a " b "" c \\""" d \\ { e }""", d: """\n\n# none\n""") }',
    "#\n# one\r# two\r\n{ a#three\n}",
    "fragment F on T { ...on U { a } ...G...H b } type T implements A & B | C { a: [T] }",
)


def tokens(text: str) -> int:
    """As the lexer gives them, comments as well."""
    lexer, number = Lexer(Source(text)), 0
    token = lexer.token
    while (token := lexer.read_next_token(token.end)).kind is not TokenKind.EOF:
        number += 1
    return number


@pytest.mark.parametrize("text", VALID)
def test_valid_documents_are_counted_as_they_are(text: str) -> None:
    number = tokens(text)
    assert not has_more_tokens(text, number)
    assert has_more_tokens(text, number - 1) or len(text) <= number - 1


@pytest.mark.parametrize(
    "text", ['"' * 100_000, '"""' + "\\" * 99_000, '"\\' * 50_000, "." * 100_000, '"' + "x" * 99_999, "\u202e" * 99_999]
)
def test_text_that_is_no_document_is_looked_at_once(text: str) -> None:
    began = time.process_time()
    has_more_tokens(text, 200_000)
    has_more_tokens(text, 5_000)
    assert time.process_time() - began < 1  # a quadratic pattern takes minutes
