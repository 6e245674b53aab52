"""How faults reach the client: user errors in the payload, everything else as errors with a code."""

from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from graphql.language import VariableDefinitionNode
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import FieldExtension

from rapport_shared.errors import Fault, InvalidReason, ServiceUnavailable, UserFault
from rapport_shared.explanation import explained
from rapport_shared.mongo import is_transient
from rapport_shared.text import printable

MAX_REASON = 500


@strawberry.federation.type(shareable=True, description="Something in the input that a person can mend.")
class UserError:
    """One entry of a payload's ``userErrors``."""

    code: str = strawberry.field(description="A stable code, such as VERSION_CONFLICT.")
    message: str = strawberry.field(description="What is wrong, for a person to read.")
    path: list[str] = strawberry.field(description="The argument that is wrong, such as [input, email].")

    @classmethod
    def of(cls, fault: UserFault) -> "UserError":
        """The fault as the client sees it."""
        return cls(code=fault.code, message=fault.message, path=list(fault.path))


class UserErrors(FieldExtension):
    """Turns a UserFault of a mutation into its payload's ``userErrors``.

    The payload class offers ``of(model)`` for the current record of a conflict, and has defaults for its fields.
    """

    async def resolve_async(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        """Call the resolver, for the reason that its input gives."""
        try:
            with explained(_reason(kwargs.get("input")), _occurrence(kwargs.get("input"))):
                return await next_(source, info, **kwargs)
        except UserFault as fault:
            payload_type: Any = info.return_type
            payload = payload_type() if fault.current is None else payload_type.of(fault.current)
            payload.user_errors = [UserError.of(found) for found in (fault, *fault.more)]
            return payload


def _reason(given: object) -> str | None:
    """The ``reason`` of a mutation's input; raises InvalidReason for one that cannot be stored."""
    reason = getattr(given, "reason", None)
    if not isinstance(reason, str) or not reason.strip():
        return None
    text = printable(reason, lines=True)
    if not text or len(text) > MAX_REASON:
        raise InvalidReason(f"A reason has at most {MAX_REASON} printable characters.", path=("input", "reason"))
    return text


def _occurrence(given: object) -> datetime | None:
    """The ``occurred_at`` of a mutation's input."""
    occurred_at = getattr(given, "occurred_at", None)
    return occurred_at if isinstance(occurred_at, datetime) else None


def mutation(description: str) -> Any:
    """A mutation field whose UserFaults are answered in its payload."""
    return strawberry.mutation(description=description, extensions=[UserErrors()])


INTERNAL = "INTERNAL_SERVER_ERROR"
MASKED = "Something went wrong here; it has been logged."
TRY_AGAIN = "This service's database could not do it now: try again."


def make_safe(error: GraphQLError) -> None:
    """Give the error its stable ``extensions.code``, and hide what an unexpected exception says."""
    code = error_code(error)
    if code == INTERNAL:
        error.message = MASKED
    elif is_transient(error.original_error):
        error.message = TRY_AGAIN
    error.extensions = {**(error.extensions or {}), "code": code}


def error_code(error: GraphQLError) -> str:
    """The code of an error: the fault's own, or that of the stage which refused the request."""
    if error.extensions and "code" in error.extensions:
        return str(error.extensions["code"])
    original = error.original_error
    if isinstance(original, Fault):
        return original.code
    if is_transient(original):
        return ServiceUnavailable.code
    if error.path is not None or (original is not None and not isinstance(original, GraphQLError)):
        return INTERNAL
    return _stage_code(error)


def _stage_code(error: GraphQLError) -> str:
    """The code of an error that came before execution."""
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    if isinstance(error, ValidationAbortedError) and not error.message.startswith("Too many"):
        return "OPERATION_TOO_LARGE"
    if error.nodes and isinstance(error.nodes[0], VariableDefinitionNode):
        return "BAD_USER_INPUT"
    return "GRAPHQL_VALIDATION_FAILED"
