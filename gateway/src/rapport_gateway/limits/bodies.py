"""How much a body may hold. A megabyte of JSON can hold a hundred thousand values, which take tens of milliseconds to
decode: bodies that may be such are looked at in the process that reads large documents, before anybody else decodes
them.
"""

from __future__ import annotations

from typing import Any

import orjson

from rapport_gateway.errors import BAD_REQUEST, RequestRefused, refused
from rapport_gateway.limits.limits import Limits
from rapport_gateway.limits.refusal import limit_error
from rapport_gateway.limits.variables import has_more_values

_BESIDES = 2  # as many values as in the variables, for all that comes besides: extensions, names, what nobody knows


def decoded(body: bytes) -> Any:
    """The JSON of a body, whatever it is. Raises RequestRefused."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise refused(f"The body is not valid JSON: {error}.", BAD_REQUEST) from error


def most_values(limits: Limits, requests: int) -> int:
    """In a body of so many requests."""
    return _BESIDES * limits.max_variable_values * max(requests, 1)


def may_hold_more(body: bytes, most: int) -> bool:
    """Counted without decoding: every value follows a comma, or an opening bracket, or comes alone."""
    if len(body) <= most:
        return False
    count = body.count(b",")
    return count >= most or count + body.count(b"[") + body.count(b"{") >= most


def check_values(body: bytes, most: int, limits: Limits) -> None:
    """Raises RequestRefused."""
    if has_more_values(decoded(body), most):
        raise RequestRefused([limit_error("variable_values", limits.max_variable_values, "values in the variables")])
