"""What can be wrong with subgraphs and supergraphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import GraphQLError


def reason(error: Exception) -> str:
    """What an exception says, on one line; GraphQL errors with the place in the text."""
    if isinstance(error, GraphQLError):
        places = "".join(f" (line {place.line}, column {place.column})" for place in (error.locations or ())[:1])
        return error.message + places
    return " ".join(str(error).split())


@dataclass(frozen=True, slots=True)
class CompositionProblem:
    """One reason why the subgraphs do not compose; `code` is the federation specification's."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class CompositionFailed(Exception):
    """The subgraphs do not compose; carries every problem found."""

    def __init__(self, problems: Sequence[CompositionProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class InvalidSupergraph(Exception):
    """The text is not a supergraph SDL that can be served."""
