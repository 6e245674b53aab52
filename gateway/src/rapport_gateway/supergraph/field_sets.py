"""Field sets: the selections inside `@key`, `@requires` and `@provides`."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import GraphQLError, SelectionSetNode, parse, print_ast, strip_ignored_characters
from graphql.language import OperationDefinitionNode


@dataclass(frozen=True, slots=True, eq=False)
class FieldSet:
    """A parsed field set; `text` is its canonical one-line form, without braces."""

    text: str
    selections: SelectionSetNode


def parse_field_set(text: str) -> FieldSet:
    """Parse `"id organization { id }"`. Raises ValueError with the reason when it is not a selection."""
    body = text.strip()
    if body.startswith("{") and body.endswith("}"):
        body = body[1:-1]
    try:
        document = parse("{" + body + "}", no_location=True)
    except GraphQLError as error:
        raise ValueError(error.message) from error
    operation = document.definitions[0]
    if not isinstance(operation, OperationDefinitionNode) or len(document.definitions) != 1:
        raise ValueError("not a field set")
    selections = operation.selection_set
    if not selections.selections:
        raise ValueError("it selects nothing")
    return FieldSet(strip_ignored_characters(print_ast(selections))[1:-1], selections)
