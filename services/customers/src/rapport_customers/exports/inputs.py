"""The input of exports."""

from enum import Enum
from typing import Final

import strawberry

from rapport_customers.customers.inputs import CustomerFilter
from rapport_shared.graphql.inputs import REASON, optional

MAX_ROWS: Final = 500


@strawberry.enum(description="How rows are written.")
class ExportFormat(Enum):
    """Formats."""

    CSV = strawberry.enum_value("CSV", description="As RFC 4180 has it, in UTF-8.")
    NDJSON = strawberry.enum_value("NDJSON", description="One JSON object a line.")


@strawberry.input(description="Customers to take away as a table, part by part, the oldest first.")
class ExportCustomersInput:
    """Fields of exportCustomers."""

    format: ExportFormat = strawberry.field(default=ExportFormat.CSV, description="How rows are written.")
    filter: CustomerFilter | None = optional("Which customers, as `customers` takes it; the same for every part.")
    search: str | None = optional("Only customers in which this text is found; the same for every part.")
    columns: list[str] | None = optional(
        "Fields by their names, and `custom.` with a key. Where not given: all that your role does not hide. "
        "Give those of the first part with every other."
    )
    first: int = strawberry.field(default=MAX_ROWS, description="How many customers: 1 to 500.")
    after: str | None = optional("Go on behind this cursor of the part before.")
    reason: str | None = optional(REASON)
