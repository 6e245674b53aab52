"""Exports in GraphQL: translate, call, translate."""

import re
from dataclasses import replace
from typing import Final

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.inputs import LISTING
from rapport_customers.exports.inputs import MAX_ROWS, ExportCustomersInput
from rapport_customers.exports.service import ID_PREFIX
from rapport_customers.exports.table import TAGS, Table, columns_of
from rapport_shared.errors import BadInput
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.exports import export_of
from rapport_shared.graphql.inputs import given
from rapport_shared.ids import new_id
from rapport_shared.mongo import Order, PageRequest, page_request

# Never changed by anybody, so that nobody is left out or given twice while others write.
OLDEST_FIRST: Final = (Order("created_at"), Order("_id"))
_EXPORT_ID: Final = re.compile(rf"{ID_PREFIX}_[0-9a-z]{{26}}")


@strawberry.type(description="A part of an export, or what is wrong.")
class ExportCustomersPayload:
    """Payload of exportCustomers."""

    export_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the whole export, `exp_…`, by which the audit log names it."
    )
    columns: list[str] = strawberry.field(default_factory=list, description="The columns, in their order.")
    content: str = strawberry.field(
        default="", description="Whole lines; of CSV, the first part begins with the names of the columns."
    )
    rows: int = strawberry.field(default=0, description="How many customers these are.")
    cursor: str | None = strawberry.field(default=None, description="Give it as `after`; null when this was all.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class ExportMutation:
    """Exporting customers."""

    @mutation("Take customers away as a table, part by part; the audit log tells of each part.")
    async def export_customers(self, info: Info, input: ExportCustomersInput) -> ExportCustomersPayload:
        """One part."""
        context, filtered, search = info.context, given(input.filter), given(input.search)
        listing = await LISTING.now(context, filtered)
        export = export_of(context.directory.policy, listing, given=filtered, search=search, by=context.actor)
        definitions = await context.custom_fields.definitions()
        columns = columns_of(definitions, export.hidden, given(input.columns))
        completed = listing.completed
        condition = export.condition if completed is None else await completed(context, export.condition)
        export_id, request = _position(input)
        page = await context.exports.part(
            export_id, condition, request, scope=export.scope, asked=export.asked, by=context.actor
        )
        tag_ids = {tag_id for each in page.items for tag_id in each.tag_ids} if TAGS in columns else set()
        names = await context.tags.names(sorted(tag_ids)) if tag_ids else {}
        table = Table(columns, definitions, names)
        return ExportCustomersPayload(
            export_id=strawberry.ID(export_id),
            columns=list(columns),
            content=table.lines(page.items, input.format, header=request.position is None),
            rows=len(page.items),
            cursor=f"{export_id}:{page.cursors[-1]}" if page.has_next else None,
        )


def _position(asked: ExportCustomersInput) -> tuple[str, PageRequest]:
    """Which export this is a part of, and where the part begins: a cursor holds both. Raises BadInput."""
    if not 1 <= asked.first <= MAX_ROWS:
        raise BadInput(f"A part of an export has 1 to {MAX_ROWS} customers.")
    export_id, after = new_id(ID_PREFIX), None
    if (cursor := given(asked.after)) is not None:
        export_id, _, after = cursor.partition(":")
        if not _EXPORT_ID.fullmatch(export_id):
            raise BadInput("The cursor is not one of an export.")
    request = page_request(first=None, after=after, last=None, before=None, order=OLDEST_FIRST)
    return export_id, replace(request, size=asked.first)
