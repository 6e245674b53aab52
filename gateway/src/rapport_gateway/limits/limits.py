"""The limits and their defaults; the README of the gateway says what each is for."""

from __future__ import annotations

from dataclasses import dataclass

from rapport_gateway.limits.refusal import COUNT_CAP


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts, unless named otherwise. A document is refused past any of them, before it is planned."""

    max_document_length: int = 100_000  # characters
    max_tokens: int = 5_000
    max_definitions: int = 200
    max_depth: int = 30
    max_nesting: int = 150
    max_selections: int = 2_000
    max_height: int = 1_000
    max_root_fields: int = 50
    max_aliases: int = 100
    max_directives: int = 200
    max_directives_per_location: int = 5
    max_field_comparisons: int = 10_000
    max_literal_values: int = 1_000
    max_input_depth: int = 20
    max_variable_values: int = 10_000
    # Sizes of lists are the schema's business: what is too much is for who serves it to say.
    max_cost: int = COUNT_CAP
    assumed_list_size: int = 20
    introspection: bool = True
    suggestions: bool = True
