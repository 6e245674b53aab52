"""Scalars of the public schema."""

from datetime import datetime
from typing import NewType

import strawberry
from graphql import GraphQLError

from rapport_shared.clock import to_milliseconds

DateTime = NewType("DateTime", datetime)


def parse_date_time(value: object) -> datetime:
    """Read an ISO 8601 date and time with its offset; a time without one is refused, for nobody knows which it is."""
    if not isinstance(value, str):
        raise GraphQLError("DateTime must be an ISO 8601 string.")
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError("DateTime must be an ISO 8601 date and time, such as 2026-01-31T09:30:00Z.") from None
    if parsed.tzinfo is None:
        raise GraphQLError("DateTime needs an offset, such as the Z in 2026-01-31T09:30:00Z.")
    try:
        return to_milliseconds(parsed)
    except OverflowError:
        raise GraphQLError("DateTime is out of range.") from None


def serialize_date_time(value: datetime) -> str:
    """UTC, to the millisecond, with ``Z``."""
    return to_milliseconds(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def date_time(value: datetime | None) -> DateTime | None:
    """The public form of a time, where there is one."""
    return None if value is None else DateTime(value)


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A date and time in ISO 8601 with its offset; answers are in UTC, such as 2026-01-31T09:30:00.000Z.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=serialize_date_time,
    parse_value=parse_date_time,
)
