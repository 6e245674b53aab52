"""Values and types as text, by reading the text again."""

from __future__ import annotations

import pytest
from graphql import parse_type, parse_value, print_ast, value_from_ast_untyped

from rapport_gateway.planning.literals import literal, type_reference


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "-0.5e10",
        "true",
        "false",
        "null",
        "ENUM",
        "$variable",
        '""',
        r'"a \"quoted\" \\ and a \u0000\t\n, 张三 \u{1F600}"',
        '"""\n  block \\""" and\n    "lines"\n"""',
        "[]",
        "[1, [$a], [[null]]]",
        "{}",
        '{a: 1, b: {c: [X, {d: "]}"}], e: $f}}',
    ],
)
def test_a_value_is_read_again_as_it_was(text: str) -> None:
    value = parse_value(text)
    again = parse_value(literal(value))
    assert "\n" not in literal(value)
    known = {"variable": 1, "a": 2, "f": 3}
    assert value_from_ast_untyped(again, known) == value_from_ast_untyped(value, known)
    assert [literal(again)] == [literal(value)]
    if '"""' not in text:
        assert print_ast(again) == print_ast(value)


@pytest.mark.parametrize("text", ["Int", "Int!", "[Int]", "[[Int!]!]!"])
def test_a_type_is_written_as_it_was(text: str) -> None:
    assert type_reference(parse_type(text)) == text
