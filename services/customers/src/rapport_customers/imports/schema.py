"""Imports in GraphQL: translate, call, translate."""

from typing import Annotated, Final

import strawberry
from strawberry.utils.str_converters import to_camel_case

from rapport_customers.context import Info
from rapport_customers.imports import model
from rapport_customers.imports.inputs import (
    AddCustomerImportRowsInput,
    CreateCustomerImportInput,
    FinishCustomerImportInput,
    RevertCustomerImportInput,
)
from rapport_customers.imports.model import CUSTOM, Outcome
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, page_request

MAX_ROWS: Final = 100
RowOutcome = strawberry.enum(Outcome, name="ImportOutcome", description="What became of a row.")


@strawberry.type(description="What became of a row.")
class ImportRow:
    """The GraphQL form of a row; what stood in it is kept nowhere."""

    row: int = strawberry.field(description="Its number in the table, from 1.")
    outcome: Outcome = strawberry.field(description="What became of it.")
    customer_id: strawberry.ID | None = strawberry.field(description="The customer; null where there is none.")
    code: str | None = strawberry.field(description="What is wrong, as in `userErrors`.")
    column: str | None = strawberry.field(description="The column that is wrong.")
    message: str | None = strawberry.field(description="What is wrong, for a person to read.")

    @classmethod
    def from_model(cls, result: model.RowResult) -> "ImportRow":
        """The public form."""
        return cls(
            row=result.row,
            outcome=result.outcome,
            customer_id=None if result.customer_id is None else strawberry.ID(result.customer_id),
            code=result.code,
            column=result.column,
            message=result.message,
        )


@strawberry.type(description="A table of customers, how much of it was taken, and what came of it.")
class CustomerImport:
    """The GraphQL form of an import."""

    id: strawberry.ID = strawberry.field(description="Its id, `imp_…`.")
    name: str = strawberry.field(description="What it is called.")
    owner_id: strawberry.ID = strawberry.field(description="Who started it.")
    status: model.ImportStatus = strawberry.field(description="Where it stands.")
    key: model.ImportKey = strawberry.field(description="What tells whom a row is about.")
    mode: model.ImportMode = strawberry.field(description="What rows may do.")
    dry_run: bool = strawberry.field(description="Whether it changes nothing.")
    fields: list[str] = strawberry.field(description="The fields that it fills.")
    next_row: int = strawberry.field(description="The row to go on with, after anything.")
    created: int = strawberry.field(description="Rows that made a customer.")
    updated: int = strawberry.field(description="Rows that changed one.")
    skipped: int = strawberry.field(description="Rows with nothing to do.")
    failed: int = strawberry.field(description="Rows that were refused. The four add up to the rows taken.")
    created_at: DateTime = strawberry.field(description="When it was started.")
    finished_at: DateTime | None = strawberry.field(description="When the last row was taken.")
    reverted: int = strawberry.field(description="Rows that were undone.")
    conflicts: int = strawberry.field(description="Rows that were not: somebody has changed the customer since.")

    @strawberry.field(description="Rows with one outcome, in their order.")
    async def rows(
        self,
        info: Info,
        outcome: Annotated[Outcome, strawberry.argument(description="Which ones.")] = Outcome.FAILED,
        first: Annotated[int, strawberry.argument(description="At most 100.")] = MAX_ROWS,
        after: Annotated[int, strawberry.argument(description="Behind this row.")] = 0,
    ) -> list[ImportRow]:
        """One query, for however many imports."""
        limit = max(1, min(first, MAX_ROWS))
        found = await info.context.rows_of_import.load((str(self.id), outcome, after, limit))
        return [ImportRow.from_model(result) for result in found]

    @classmethod
    def from_model(cls, of: model.Import) -> "CustomerImport":
        """The public form."""
        return cls(
            id=strawberry.ID(of.id),
            name=of.name,
            owner_id=strawberry.ID(of.owner_id),
            status=of.status,
            key=of.key,
            mode=of.mode,
            dry_run=of.dry_run,
            fields=[name if name.startswith(CUSTOM) else to_camel_case(name) for name in _names(of)],
            next_row=of.next_row,
            **{outcome.lower(): of.counts.get(outcome.value, 0) for outcome in Outcome},
            created_at=DateTime(of.created_at),
            finished_at=None if of.finished_at is None else DateTime(of.finished_at),
            reverted=of.reverted,
            conflicts=of.conflicts,
        )


def _names(of: model.Import) -> list[str]:
    return [source.field for source in of.sources]


@strawberry.type(description="Some imports.")
class CustomerImports:
    """A page."""

    nodes: list[CustomerImport] = strawberry.field(description="The newest first.")
    cursor: str | None = strawberry.field(description="Give it as `after`; null on an empty page.")
    has_next_page: bool = strawberry.field(description="Whether there are more.")


@strawberry.type(description="The import as it stands, or what is wrong.")
class CustomerImportPayload:
    """Payload of every mutation of imports."""

    customer_import: CustomerImport | None = strawberry.field(default=None, description="The import as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, of: model.Import) -> "CustomerImportPayload":
        """The payload of success, and of an import that does not stand for this."""
        return cls(customer_import=CustomerImport.from_model(of))


@strawberry.type
class ImportQuery:
    """Reading imports."""

    @strawberry.field(description="An import that you started or oversee.")
    async def customer_import(self, info: Info, id: strawberry.ID) -> CustomerImport | None:
        """By id."""
        found = await info.context.imports.find(id, by=info.context.actor)
        return None if found is None else CustomerImport.from_model(found)

    @strawberry.field(description="The imports that you started or oversee, the newest first.")
    async def customer_imports(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="At most 100.")] = None,
        after: Annotated[str | None, strawberry.argument(description="Go on behind this cursor.")] = None,
    ) -> CustomerImports | None:
        """A page; null for whoever has no right to import."""
        order = (Order("_id", descending=True),)
        request = page_request(first=first, after=after, last=None, before=None, order=order)
        page = await info.context.imports.page(request, by=info.context.actor)
        if page is None:
            return None
        nodes = [CustomerImport.from_model(each) for each in page.items]
        return CustomerImports(
            nodes=nodes, cursor=page.cursors[-1] if page.cursors else None, has_next_page=page.has_next
        )


@strawberry.type
class ImportMutation:
    """Importing customers."""

    @mutation("Begin to take customers from a table.")
    async def create_customer_import(self, info: Info, input: CreateCustomerImportInput) -> CustomerImportPayload:
        """Begin."""
        return CustomerImportPayload.of(await info.context.imports.create(input.values(), by=info.context.actor))

    @mutation("Take rows; sending the same ones again does nothing. After anything, go on from `nextRow`.")
    async def add_customer_import_rows(self, info: Info, input: AddCustomerImportRowsInput) -> CustomerImportPayload:
        """Take."""
        taken = await info.context.imports.take(input.import_id, input.first_row, input.rows, by=info.context.actor)
        return CustomerImportPayload.of(taken)

    @mutation("Say that all rows were sent.")
    async def finish_customer_import(self, info: Info, input: FinishCustomerImportInput) -> CustomerImportPayload:
        """End."""
        return CustomerImportPayload.of(await info.context.imports.finish(input.import_id, by=info.context.actor))

    @mutation("Undo up to 100 rows of an import, the last first; repeat until its status is REVERTED.")
    async def revert_customer_import(self, info: Info, input: RevertCustomerImportInput) -> CustomerImportPayload:
        """Undo."""
        return CustomerImportPayload.of(await info.context.imports.revert(input.import_id, by=info.context.actor))
