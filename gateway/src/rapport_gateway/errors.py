"""Errors that clients see, with their stable codes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
PERSISTED_QUERY_HASH_MISMATCH = "PERSISTED_QUERY_HASH_MISMATCH"
PERSISTED_QUERY_NOT_IN_LIST = "PERSISTED_QUERY_NOT_IN_LIST"
QUERY_NOT_IN_LIST = "QUERY_NOT_IN_LIST"
BATCHING_DISABLED = "BATCHING_DISABLED"
BATCH_TOO_LARGE = "BATCH_TOO_LARGE"
TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
CLIENT_TOO_SLOW = "CLIENT_TOO_SLOW"
OVERLOADED = "OVERLOADED"
TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
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
_NAMED_SUBGRAPH = re.compile(r"\bsubgraph '[^']*'")


def error(
    message: str, code: str, *, path: Sequence[str | int] | None = None, extra: Mapping[str, Any] | None = None
) -> ErrorDict:
    """A GraphQL error as it is sent."""
    result: ErrorDict = {"message": message}
    if path is not None:
        result["path"] = list(path)
    result["extensions"] = {"code": code, **(extra or {})}
    return result


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """What clients are told of errors that subgraphs give, or are.

    `extensions`: what is kept besides `code`, `*` for all. `subgraphs`: whether they are named, in `extensions.service`
    and in messages. `messages`: whether those of subgraphs are passed on.
    """

    extensions: frozenset[str] = frozenset()
    subgraphs: bool = False
    messages: bool = True

    def of_subgraph(self, item: Mapping[str, Any], service: str, path: Sequence[str | int] | None = None) -> ErrorDict:
        """An error as a subgraph gave it, whatever its form."""
        message = item.get("message")
        given = item.get("extensions")
        extensions = given if isinstance(given, dict) else {}
        kept = {name: value for name, value in extensions.items() if "*" in self.extensions or name in self.extensions}
        code = extensions.get("code")
        text = message if isinstance(message, str) and self.messages else "A subgraph reported an error."
        kept.pop("code", None)
        if self.subgraphs:
            kept.setdefault("service", service)
        return error(text, code if isinstance(code, str) else DOWNSTREAM_SERVICE_ERROR, path=path, extra=kept)

    def of_failure(
        self, message: str, code: str, service: str | None = None, path: Sequence[str | int] | None = None
    ) -> ErrorDict:
        """That no usable answer came. `message` names the subgraph as `subgraph 'NAME'`."""
        if self.subgraphs:
            return error(message, code, path=path, extra={"service": service} if service else None)
        return error(_NAMED_SUBGRAPH.sub("a subgraph", message), code, path=path)


class RequestRefused(Exception):
    """The request was not executed; `status` is the HTTP status for it."""

    def __init__(self, errors: list[ErrorDict], status: int = 400, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors
        self.status = status
        self.headers = dict(headers or {})


def refused(message: str, code: str, status: int = 400, *, headers: Mapping[str, str] | None = None) -> RequestRefused:
    return RequestRefused([error(message, code)], status, headers=headers)
