"""What a document may ask of a subgraph, checked as it is read and before it is validated.

A subgraph's client is the gateway, which has finer limits, as settings. These here are fixed: wide enough for whatever
the gateway makes of what it admits, and a stop for whoever reaches a subgraph without it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import DocumentNode, GraphQLError, parse
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import SchemaExtension

from rapport_shared.graphql.measure import Size, measure

CODE: Final = "OPERATION_TOO_LARGE"
CACHED_DOCUMENTS: Final = 512

MAX_LENGTH: Final = 200_000  # characters
MAX_TOKENS: Final = 5_000  # comments included
MAX_VARIABLE_VALUES: Final = 50_000
MAX_INPUT_DEPTH: Final = 20
# Pages of 100 in pages of 100 are more than the gateway admits for their cost; half of that is the most that real ones
# need: an entity is fetched for its fields, and those that are objects cost as much again.
MAX_REPRESENTATIONS: Final = 5_000
MAX_FIELD_COMPARISONS: Final = 10_000
LIMITS: Final[Mapping[str, int]] = {
    "definitions": 200,
    "selections": 4_000,  # fragments expanded
    "nesting": 70,  # of selection sets, those of fragments included; the gateway admits 30 fields in each other
    "aliases": 200,  # fragments expanded
    "introspection_aliases": 5,
    "directives": 200,
    "literal_values": 1_000,
    "number_length": 400,  # characters; no number is longer, and Python does not read some that are
    "input_depth": MAX_INPUT_DEPTH,
}

# Where many fields share a name, this rule of the library is quadratic; a comparison takes two units of its budget.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 2 * MAX_FIELD_COMPARISONS


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document within the limits."""

    document: DocumentNode
    size: Size


class Limits(SchemaExtension):
    """Reads the document, each text once, and refuses what is too large with the code OPERATION_TOO_LARGE."""

    def on_parse(self) -> Iterator[None]:
        """Raises GraphQLError."""
        context = self.execution_context
        read = read_document(context.query or "")
        check_variables(read.size, context.variables or {})
        context.graphql_document = read.document
        yield


@lru_cache(maxsize=CACHED_DOCUMENTS)
def read_document(text: str) -> ReadDocument:
    """Raises GraphQLError for wrong syntax, and for what is past a limit."""
    if len(text) > MAX_LENGTH:
        raise too_large("document_length", MAX_LENGTH)
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        # The parser gives up on two things besides wrong syntax, and tells them apart by message only.
        if error.message.endswith("nested too deeply. Parsing aborted."):
            raise too_large("nesting", LIMITS["nesting"]) from None
        if error.message.endswith("tokens. Parsing aborted."):
            raise too_large("tokens", MAX_TOKENS) from None
        raise
    size = measure(document)
    for limit, maximum in LIMITS.items():
        if size.counts[limit] > maximum:
            raise too_large(limit, maximum)
    return ReadDocument(document, size)


def check_variables(size: Size, variables: Mapping[str, Any]) -> None:
    """Raises GraphQLError."""
    representations = size.listed_representations + sum(
        len(variables[name]) for name in size.representations if isinstance(variables.get(name), list)
    )
    if representations > MAX_REPRESENTATIONS:
        raise too_large("representations", MAX_REPRESENTATIONS)
    waiting: list[tuple[Any, int]] = [(variables, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        if not isinstance(value, dict | list):
            continue
        if depth > MAX_INPUT_DEPTH:
            raise too_large("input_depth", MAX_INPUT_DEPTH)
        count += len(value)
        if count > MAX_VARIABLE_VALUES:
            raise too_large("variable_values", MAX_VARIABLE_VALUES)
        waiting.extend((item, depth + 1) for item in (value.values() if isinstance(value, dict) else value))


def too_large(limit: str, maximum: int) -> GraphQLError:
    """The refusal of what is past a limit."""
    message = f"The operation is too large: its {limit.replace('_', ' ')} are limited to {maximum}."
    return GraphQLError(message, extensions={"code": CODE, "limit": limit, "max": maximum})
