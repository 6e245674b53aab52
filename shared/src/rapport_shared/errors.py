"""Facts that went wrong, each with a stable code.

A ``UserFault`` is something a person can mend: it becomes a ``userErrors`` entry of the payload.
A ``RequestFault`` is an error of the request as a whole: it becomes a GraphQL error with ``extensions.code``.
"""

from typing import Any, ClassVar


class Fault(Exception):
    """Base of all expected errors; ``code`` is part of the public interface."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UserFault(Fault):
    """A fault of one field or record; ``path`` names the argument, such as ``("input", "email")``.

    ``more`` are faults of other fields that were found at the same time.
    """

    def __init__(
        self, message: str, *, path: tuple[str, ...] = (), current: Any = None, more: "tuple[UserFault, ...]" = ()
    ) -> None:
        super().__init__(message)
        self.path = path
        self.current = current
        self.more = more


class NotFound(UserFault):
    """No such record, or none that the caller may see: the two are not told apart."""

    code = "NOT_FOUND"


class NotAllowed(UserFault):
    """The caller may see the record but not do this with it."""

    code = "FORBIDDEN"


class ForbiddenField(UserFault):
    """The caller's role hides this field, or does not let it be set."""

    code = "FORBIDDEN_FIELD"

    @classmethod
    def named(cls, field: str) -> "ForbiddenField":
        """Of a field by its name in the schema."""
        return cls(f"Your role may not use {field} here.", path=("input", field))


class RecordErased(UserFault):
    """The personal values of this record were erased; none may come back."""

    code = "RECORD_ERASED"


class VersionConflict(UserFault):
    """Somebody else changed the record first; ``current`` is the record as it stands now."""

    code = "VERSION_CONFLICT"


class IdempotencyKeyReused(UserFault):
    """The same ``idempotencyKey`` came with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"


class InvalidIdempotencyKey(UserFault):
    """An ``idempotencyKey`` that is empty or longer than 200 characters."""

    code = "INVALID_IDEMPOTENCY_KEY"


class InvalidReason(UserFault):
    """A reason that is too long or holds control characters."""

    code = "INVALID_REASON"


class RequestFault(Fault):
    """A fault of the whole request."""


class Unauthenticated(RequestFault):
    """No valid access token."""

    code = "UNAUTHENTICATED"


class ServiceUnavailable(RequestFault):
    """What the service needs does not answer; what was asked may or may not have been done."""

    code = "SERVICE_UNAVAILABLE"


class Forbidden(RequestFault):
    """The caller's role does not allow this operation."""

    code = "FORBIDDEN"


class BadInput(RequestFault):
    """An argument that no record could satisfy: a broken cursor, a page size out of range, an empty filter."""

    code = "BAD_USER_INPUT"
