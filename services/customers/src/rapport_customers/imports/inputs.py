"""The inputs of imports."""

from typing import Any

import strawberry
from strawberry.utils.str_converters import to_snake_case

from rapport_customers.imports.model import CUSTOM, FieldSource, ImportKey, ImportMode, ImportStatus
from rapport_shared.graphql.inputs import REASON, given, optional

Key = strawberry.enum(ImportKey, name="ImportKey", description="What tells whom a row is about.")
Mode = strawberry.enum(
    ImportMode,
    name="ImportMode",
    description="UPSERT creates and changes; CREATE leaves customers alone that there are, UPDATE makes no new ones.",
)
Status = strawberry.enum(ImportStatus, name="ImportStatus", description="Where an import stands.")


@strawberry.input(description="What stands for what in a column.")
class ImportValueInput:
    """One value."""

    given: str = strawberry.field(description="What the table says, such as 潜在客户.")
    means: str = strawberry.field(description="What it means, such as LEAD.")


@strawberry.input(description="Where a field of the customers comes from.")
class ImportFieldInput:
    """One field."""

    field: str = strawberry.field(description="Its name in the schema, such as `externalId`, or `custom.` and a key.")
    columns: list[str] = strawberry.field(default_factory=list, description="Columns, joined by a space; tags by `;`.")
    constant: str | None = optional("What it is where no column says anything.")
    values: list[ImportValueInput] | None = optional("What stands for what.")


@strawberry.input(description="A table of customers.")
class CreateCustomerImportInput:
    """Fields of createCustomerImport."""

    name: str = strawberry.field(description="What it is called, such as the file's name.")
    columns: list[str] = strawberry.field(description="The table's columns, in their order.")
    mapping: list[ImportFieldInput] = strawberry.field(description="Which fields they fill, the key among them.")
    key: ImportKey = strawberry.field(default=ImportKey.EXTERNAL_ID, description="What tells whom a row is about.")
    mode: ImportMode = strawberry.field(default=ImportMode.UPSERT, description="What rows may do.")
    dry_run: bool = strawberry.field(default=False, description="Say what would become of each row; change nothing.")
    reason: str | None = optional(REASON)

    def values(self) -> dict[str, Any]:
        """What the import is made of."""
        return {
            "name": self.name.strip()[:200],
            "columns": tuple(self.columns),
            "sources": tuple(_source(each) for each in self.mapping),
            "key": self.key,
            "mode": self.mode,
            "dry_run": self.dry_run,
        }


@strawberry.input(description="Rows of a table, in their order.")
class AddCustomerImportRowsInput:
    """Fields of addCustomerImportRows."""

    import_id: strawberry.ID = strawberry.field(description="The import.")
    first_row: int = strawberry.field(description="The number of the first of these rows; the table's first is 1.")
    rows: list[list[str | None]] = strawberry.field(description="1 to 500 rows, each with a cell for every column.")
    reason: str | None = optional(REASON)


@strawberry.input(description="An import whose rows were all sent.")
class FinishCustomerImportInput:
    """Fields of finishCustomerImport."""

    import_id: strawberry.ID = strawberry.field(description="The import.")


@strawberry.input(description="An import to undo.")
class RevertCustomerImportInput:
    """Fields of revertCustomerImport."""

    import_id: strawberry.ID = strawberry.field(description="The import.")
    reason: str | None = optional(REASON)


def _source(of: ImportFieldInput) -> FieldSource:
    is_custom = of.field.startswith(CUSTOM)
    return FieldSource(
        field=of.field if is_custom else to_snake_case(of.field),
        columns=tuple(of.columns),
        constant=given(of.constant),
        values={value.given: value.means for value in given(of.values) or []},
    )
