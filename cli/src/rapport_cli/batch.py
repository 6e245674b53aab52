"""Many mutations in one request: aliases m0, m1, …; the gateway runs them in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

from rapport_cli.client import Json
from rapport_cli.errors import GraphQLRequestError, UserError

MUTATIONS_PER_REQUEST = 10

# The request as a whole was refused: sending its parts one by one would be refused the same way.
WHOLE_REQUEST_CODES = {"UNAUTHENTICATED", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}

T = TypeVar("T")


class Executor(Protocol):
    """What a batch needs of a session."""

    async def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, repeatable: bool = False
    ) -> Json:
        """The answer's data."""


@dataclass(frozen=True, slots=True)
class Call:
    """One mutation: its name, its input, and the payload's record with the selected fields ("task { id }")."""

    mutation: str
    input: Mapping[str, Any]
    selection: str

    @property
    def noun(self) -> str:
        """The payload's field that holds the record."""
        return self.selection.split(maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call: the payload's record, or the errors that a person can mend."""

    record: Json | None
    errors: tuple[UserError, ...]


def chunks(items: Sequence[T], size: int = MUTATIONS_PER_REQUEST) -> Iterator[list[T]]:
    """Consecutive pieces of at most `size` items."""
    iterator = iter(items)
    while piece := list(islice(iterator, size)):
        yield piece


def document_of(calls: Sequence[Call]) -> tuple[str, Json]:
    """The request's document and variables. Equal sequences of mutations give equal documents."""
    names = [f"m{index}" for index in range(len(calls))]
    head = ", ".join(f"${name}: {_input_type(call.mutation)}!" for name, call in zip(names, calls, strict=True))
    body = "\n".join(
        f"  {name}: {call.mutation}(input: ${name}) {{ {call.selection} userErrors {{ code message path }} }}"
        for name, call in zip(names, calls, strict=True)
    )
    variables = {name: dict(call.input) for name, call in zip(names, calls, strict=True)}
    return f"mutation Batch({head}) {{\n{body}\n}}", variables


async def send(executor: Executor, calls: Sequence[Call]) -> list[Outcome]:
    """One outcome per call, in order.

    One call's GraphQL error can take the others' answers with it; then the calls are sent again one at a time, so that
    the error lands where it belongs. Calls must therefore bear a repeat: an idempotencyKey or an expectedVersion.
    """
    document, variables = document_of(calls)
    repeatable = all("idempotencyKey" in call.input for call in calls)
    try:
        data = await executor.execute(document, variables, repeatable=repeatable)
    except GraphQLRequestError as error:
        if error.code in WHOLE_REQUEST_CODES:
            raise
        if len(calls) == 1:
            return [Outcome(None, tuple(UserError(fault.code, fault.message) for fault in error.faults))]
        return [outcome for call in calls for outcome in await send(executor, [call])]
    return [_outcome(data[f"m{index}"], call.noun) for index, call in enumerate(calls)]


def _outcome(payload: Json, noun: str) -> Outcome:
    errors = tuple(
        UserError(entry["code"], entry["message"], tuple(str(step) for step in entry["path"]))
        for entry in payload["userErrors"]
    )
    return Outcome(payload[noun], errors)


def _input_type(mutation: str) -> str:
    return f"{mutation[0].upper()}{mutation[1:]}Input"
