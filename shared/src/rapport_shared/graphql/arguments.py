"""Arguments and order inputs that every list has."""

from enum import Enum
from typing import Annotated

import strawberry

First = Annotated[
    int | None, strawberry.argument(description="How many records from the start: 20 by default, at most 100.")
]
After = Annotated[str | None, strawberry.argument(description="Start behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many records from the end, at most 100.")]
Before = Annotated[str | None, strawberry.argument(description="End in front of this cursor.")]
Search = Annotated[str | None, strawberry.argument(description="Only records in which this text is found.")]
MAX_SEARCH = 200


@strawberry.enum(description="Which way a list is sorted.")
class SortDirection(Enum):
    """Directions."""

    ASC = strawberry.enum_value("ASC", description="From the least; absent values first.")
    DESC = strawberry.enum_value("DESC", description="From the greatest; absent values last.")
