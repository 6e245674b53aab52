"""The audit log in GraphQL: the same type in every subgraph, each with a root field of its own name."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Final

import orjson
import strawberry
from strawberry.utils.str_converters import to_camel_case

from rapport_shared.audit import AuditLog, AuditRow
from rapport_shared.audit.log import TYPE
from rapport_shared.graphql.connections import PageInfo
from rapport_shared.graphql.filters import DateTimeFilter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import optional
from rapport_shared.graphql.lists import Listing, ListQuery, SortDirection, list_field
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, Page, every
from rapport_shared.rights import Verb


@strawberry.federation.type(
    shareable=True, description="One thing that was done, as the audit log of a service has it."
)
class AuditEntry:
    """A row; it names fields and ids, never values."""

    id: strawberry.ID = strawberry.field(description="Its id, `aud_…`.")
    at: DateTime = strawberry.field(description="When it was done.")
    actor_id: strawberry.ID = strawberry.field(description="Who did it: a user's id, or `system`.")
    via: str = strawberry.field(description="How: USER, KEY, RULE, IMPORT or SYSTEM.")
    key_id: strawberry.ID | None = strawberry.field(description="The API key that it was done with.")
    action: str = strawberry.field(description="What was done, such as `customers.customer.updated`.")
    type: str = strawberry.field(description="What it was done to, such as `customer`.")
    record_id: strawberry.ID = strawberry.field(description="The id of the record that it was done to.")
    version: int | None = strawberry.field(description="The record's version afterwards.")
    changed: list[str] = strawberry.field(description="The names of the fields that changed.")
    reason: str | None = strawberry.field(description="Why, as whoever did it said; null once the record is erased.")
    correlation_id: str = strawberry.field(description="Shared by everything that came of one request.")
    rows: int | None = strawberry.field(description="How many records an export or an erasure covered.")
    asked: str | None = strawberry.field(
        description="What an export was asked for, as JSON; texts that somebody wrote are left out (`…`)."
    )
    sealed: bool = strawberry.field(description="Whether the hash chain holds it: about a second after it was done.")

    @classmethod
    def from_row(cls, row: AuditRow) -> "AuditEntry":
        """The public form."""
        return cls(
            id=strawberry.ID(row.id),
            at=DateTime(row.at),
            actor_id=strawberry.ID(row.actor),
            via=row.via,
            key_id=None if row.key_id is None else strawberry.ID(row.key_id),
            action=row.action,
            type=row.type,
            record_id=strawberry.ID(row.record),
            version=row.version,
            changed=[to_camel_case(name) for name in row.changed],
            reason=row.reason,
            correlation_id=row.correlation_id,
            rows=row.rows,
            asked=None if row.asked is None else orjson.dumps(row.asked, option=orjson.OPT_SORT_KEYS).decode(),
            sealed=row.sealed,
        )


@strawberry.federation.type(shareable=True, description="An audit entry in a list.")
class AuditEntryEdge:
    """Relay's edge."""

    node: AuditEntry = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="Where the entry stands; give it as `after` or `before`.")


@strawberry.federation.type(shareable=True, description="A page of an audit log.")
class AuditEntryConnection:
    """Relay's connection, which every subgraph shares."""

    edges: list[AuditEntryEdge] = strawberry.field(description="The entries of the page with their cursors.")
    nodes: list[AuditEntry] = strawberry.field(description="The entries of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many entries the whole list has.")
    async def total_count(self) -> int:
        """Count now."""
        return await self.count()


@strawberry.input(description="Which audit entries; all given conditions hold.")
class AuditFilter:
    """Conditions on audit entries."""

    and_: list["AuditFilter"] | None = optional("All of these.", "and")
    or_: list["AuditFilter"] | None = optional("One of these.", "or")
    not_: "AuditFilter | None" = optional("Not this.", "not")
    actor_id: IdFilter | None = optional("Who did it.")
    via: StringFilter | None = optional("How it was done.")
    action: StringFilter | None = optional("What was done.")
    type: StringFilter | None = optional("What it was done to.")
    record_id: IdFilter | None = optional("The record that it was done to.")
    changed: StringFilter | None = optional("A field that changed, such as `owner_id`.")
    correlation_id: StringFilter | None = optional("What came of one request.")
    at: DateTimeFilter | None = optional("When it was done.")


@strawberry.enum(description="What audit entries can be sorted by.")
class AuditOrderField(Enum):
    """Values are document fields."""

    AT = strawberry.enum_value("at", description="When it was done.")


@strawberry.input(description="One key to sort audit entries by.")
class AuditOrder:
    """A sort key."""

    field: AuditOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


_FIELDS: Final = {
    "actor_id": "actor",
    "via": "via",
    "action": "action",
    "type": "type",
    "record_id": "record",
    "changed": "changed",
    "correlation_id": "correlation_id",
    "at": "at",
}


def _condition(given: AuditFilter | None, search: str | None) -> dict[str, Any]:
    wanted: dict[str, Any] = {"$or": [{"action": search}, {"record": search}, {"actor": search}]} if search else {}
    return every(condition_of(given, _FIELDS), wanted)


LISTING: Final = Listing(
    "entries", AuditFilter, AuditOrder, _condition, (Order("at", descending=True),), "the newest first"
)


def audit_policy(service: str) -> dict[str, tuple[str, Verb]]:
    """The policy of that field."""
    return {f"{service}AuditLog": (TYPE, Verb.READ)}


def audit_query(service: str) -> type:
    """The root field ``<service>AuditLog``."""

    @list_field("What was done here, by whom and why; for administrators.", LISTING)
    async def audit_log(info: strawberry.Info[Any, None], query: ListQuery) -> AuditEntryConnection:
        log, by = info.context.audit, info.context.actor
        return _connection(await log.page(query.condition, query.page, by=by), log, query, by)

    return strawberry.type(type("AuditQuery", (), {f"{service}_audit_log": audit_log}))


def _connection(page: Page[AuditRow], log: AuditLog, query: ListQuery, by: Any) -> AuditEntryConnection:
    nodes = [AuditEntry.from_row(row) for row in page.items]
    edges = [AuditEntryEdge(node=node, cursor=cursor) for node, cursor in zip(nodes, page.cursors, strict=True)]
    return AuditEntryConnection(
        edges=edges,
        nodes=nodes,
        page_info=PageInfo.of(page),
        count=lambda: log.count(query.condition, by=by),
    )
