"""How much comes in the variables of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rapport_gateway.errors import RequestRefused
from rapport_gateway.limits.limits import Limits
from rapport_gateway.limits.refusal import limit_error


def check_variables(variables: Mapping[str, Any], limits: Limits) -> None:
    """Stops at the first value too many. Raises RequestRefused."""
    count = len(variables)
    waiting: list[tuple[Any, int]] = []
    if count <= limits.max_variable_values:
        waiting.extend((value, 1) for value in variables.values())
    while waiting and count <= limits.max_variable_values:
        value, depth = waiting.pop()
        if not isinstance(value, dict | list):
            continue
        if depth > limits.max_input_depth:
            raise _exceeded("input_depth", limits.max_input_depth, "lists and objects nested in variables")
        count += len(value)
        if count <= limits.max_variable_values:
            waiting.extend((item, depth + 1) for item in (value.values() if isinstance(value, dict) else value))
    if count > limits.max_variable_values:
        raise _exceeded("variable_values", limits.max_variable_values, "values in the variables")


def has_more_values(value: Any, most: int) -> bool:
    """Whether a JSON value holds more values than that, however deep they are."""
    count, waiting = 0, [value]
    while waiting and count <= most:
        inner = waiting.pop()
        if isinstance(inner, dict | list):
            count += len(inner)
            waiting.extend(inner.values() if isinstance(inner, dict) else inner)
    return count > most


def _exceeded(limit: str, maximum: int, what: str) -> RequestRefused:
    return RequestRefused([limit_error(limit, maximum, what)])
