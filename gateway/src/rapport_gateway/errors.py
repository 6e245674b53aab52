"""Errors that clients see, with their stable codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BAD_REQUEST = "BAD_REQUEST"
BAD_USER_INPUT = "BAD_USER_INPUT"
GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
OPERATION_TOO_LARGE = "OPERATION_TOO_LARGE"
OPERATION_UNPLANNABLE = "OPERATION_UNPLANNABLE"
PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
NOT_FOUND = "NOT_FOUND"
PREFLIGHT_REQUIRED = "PREFLIGHT_REQUIRED"
BATCHING_DISABLED = "BATCHING_DISABLED"
BATCH_TOO_LARGE = "BATCH_TOO_LARGE"
TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
CLIENT_TOO_SLOW = "CLIENT_TOO_SLOW"
INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"

SUBREQUEST_FAILED = "SUBREQUEST_FAILED"
SUBREQUEST_MALFORMED_RESPONSE = "SUBREQUEST_MALFORMED_RESPONSE"
DOWNSTREAM_SERVICE_ERROR = "DOWNSTREAM_SERVICE_ERROR"
SUBSCRIPTION_LOST = "SUBSCRIPTION_LOST"
SUBSCRIPTION_SCHEMA_RELOAD = "SUBSCRIPTION_SCHEMA_RELOAD"
UNEXPECTED_NULL = "UNEXPECTED_NULL"
INVALID_VALUE = "INVALID_VALUE"

UNAUTHENTICATED = "UNAUTHENTICATED"
FORBIDDEN = "FORBIDDEN"
UNAUTHORIZED_FIELD_OR_TYPE = "UNAUTHORIZED_FIELD_OR_TYPE"

ErrorDict = dict[str, Any]


def error(
    message: str, code: str, *, path: Sequence[str | int] | None = None, extra: Mapping[str, Any] | None = None
) -> ErrorDict:
    """A GraphQL error as it is sent."""
    result: ErrorDict = {"message": message}
    if path is not None:
        result["path"] = list(path)
    result["extensions"] = {"code": code, **(extra or {})}
    return result


def subgraph_error(item: Mapping[str, Any], service: str, *, path: Sequence[str | int] | None = None) -> ErrorDict:
    """An error as a subgraph gave it, whatever its form: message and extensions kept, a code and the name added."""
    message = item.get("message")
    extensions = item.get("extensions")
    kept = dict(extensions) if isinstance(extensions, dict) else {}
    kept.setdefault("code", DOWNSTREAM_SERVICE_ERROR)
    kept.setdefault("service", service)
    text = message if isinstance(message, str) else "the subgraph reported an error"
    return error(text, kept["code"], path=path, extra=kept)


class RequestRefused(Exception):
    """The request was not executed; `status` is the HTTP status for it."""

    def __init__(self, errors: list[ErrorDict], status: int = 400, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors
        self.status = status
        self.headers = dict(headers or {})


def refused(message: str, code: str, status: int = 400, *, headers: Mapping[str, str] | None = None) -> RequestRefused:
    return RequestRefused([error(message, code)], status, headers=headers)
