"""A service's part of a copy of all that is kept of a customer, in GraphQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import strawberry
from pydantic.alias_generators import to_camel
from strawberry.scalars import JSON

from rapport_shared.graphql.scalars import serialize_date_time
from rapport_shared.subject_data import MAX_PAGE, StoredRecord, SubjectReader

DEFAULT_PAGE: Final = 100
First = Annotated[
    int, strawberry.argument(description=f"How many records: {DEFAULT_PAGE} by default, at most {MAX_PAGE}.")
]
After = Annotated[str | None, strawberry.argument(description="Where the page before said that the next one begins.")]


@strawberry.federation.type(shareable=True, description="One record that is kept of a customer.")
class SubjectRecord:
    """As it is stored, with names as in the schema."""

    type: str = strawberry.field(description="What it is, such as `Interaction`.")
    id: strawberry.ID = strawberry.field(description="Its id.")
    data: JSON = strawberry.field(description="Everything that is stored in it.")


@strawberry.federation.type(shareable=True, description="A page of what one service keeps of a customer.")
class SubjectRecords:
    """Part of a copy."""

    records: list[SubjectRecord] = strawberry.field(description="The records of the page.")
    next: str | None = strawberry.field(description="Give it as `after` for the next page; null on the last one.")


async def subject_records(
    info: strawberry.Info[Any, None], request_id: str, first: int, after: str | None
) -> SubjectRecords | None:
    """The page that a resolver was asked for; None until the service has its part ready."""
    reader: SubjectReader = info.context.subject_reader
    found = await reader.page(request_id, first, after, by=info.context.actor)
    if found is None:
        return None
    records, behind = found
    return SubjectRecords(records=[_public(record) for record in records], next=behind)


def _public(record: StoredRecord) -> SubjectRecord:
    return SubjectRecord(type=record.type, id=strawberry.ID(record.id), data=_json(record.data))


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return serialize_date_time(value)
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, Mapping):
        return {to_camel(str(name)): _json(item) for name, item in value.items()}
    return value
