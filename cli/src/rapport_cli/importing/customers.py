"""Customers from rows: create what is new, change what differs, send nothing for the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from rapport_cli.batch import Call, Executor, Outcome, chunks, send
from rapport_cli.client import Json
from rapport_cli.errors import UserError
from rapport_cli.importing.customer_values import CustomerRow, doubtful, read_customer, tidy
from rapport_cli.importing.mapping import FieldMapping
from rapport_cli.importing.people import UserDirectory
from rapport_cli.importing.phones import to_e164
from rapport_cli.importing.rows import Row, RowProblem
from rapport_cli.importing.tally import Tally

RECORD = "id version externalId kind name phone email source stage ownerId tags"
LOOKUP = f"""query CustomersByExternalId($keys: [String!]!, $first: Int!) {{
  live: customers(first: $first, filter: {{ externalId: {{ in: $keys }} }}) {{ nodes {{ {RECORD} }} }}
  gone: customers(first: $first, filter: {{ externalId: {{ in: $keys }}, deleted: true }}) {{
    nodes {{ externalId deletedAt }}
  }}
}}"""

# A contact value that the API refuses may be left out when the user says so.
CONTACT_FIELDS = {"phone", "email"}

# A row is sent again when a contact value was left out, or when someone else changed the customer meanwhile.
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class CustomerOptions:
    """How rows are taken; `kind` as read_customer takes it."""

    mapping: FieldMapping
    kind: str | None = None
    dry_run: bool = False
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A row, the customer it stands for (None: to be created), and the call that brings them together."""

    row: CustomerRow
    record: Json | None
    call: Call


class CustomerImporter:
    """Stores customers by external id. Deleted customers are reported and stay deleted."""

    def __init__(self, session: Executor, directory: UserDirectory, tally: Tally, options: CustomerOptions) -> None:
        self._session = session
        self._directory = directory
        self._tally = tally
        self._options = options

    def key_of(self, row: Row) -> str:
        """The row's external id without its namespace."""
        return tidy(self._options.mapping.fields["externalId"].value(row.cells))

    def prepare(self, row: Row) -> CustomerRow:
        """The row's values. Raises RowRefusedError."""
        return read_customer(row, self._options.mapping, self._options.kind)

    async def finish(self) -> None:
        """Nothing is put off."""

    async def store(self, batch: list[CustomerRow]) -> None:
        """Settle every row: one look-up, then what differs in requests of some twenty changes."""
        await self._directory.fetch({row.owner_key for row in batch})
        keys = [row.key for row in batch]
        found = await self._session.execute(LOOKUP, {"keys": keys, "first": len(keys)}, repeatable=True)
        live = {customer["externalId"]: customer for customer in found["live"]["nodes"]}
        gone = {customer["externalId"]: customer["deletedAt"] for customer in found["gone"]["nodes"]}
        pending: list[Pending] = []
        for row in batch:
            if row.key in gone and row.key not in live:
                self._fail(row, "CUSTOMER_DELETED", f"deleted on {gone[row.key]}; restore it to import it again")
            else:
                pending.extend(self._plan(row, live.get(row.key)))
        for _ in range(ATTEMPTS):
            pending = await self._send(pending)
        for item in pending:
            self._fail(item.row, "VERSION_CONFLICT", "others keep changing this customer; import the row again")

    def _plan(self, row: CustomerRow, record: Json | None) -> list[Pending]:
        """The row's call; none when the row is settled without one."""
        values = dict(row.values)
        if row.owner_key:
            owner = self._directory.user(row.owner_key)
            if owner is None:
                column = self._options.mapping.column_of("owner")
                self._fail(row, "UNKNOWN_OWNER", f"no user has the external id {row.owner_key}", column)
                return []
            values["ownerId"] = owner["id"]
        call = _creation(row, values) if record is None else _change(row, values, record)
        if call is None:
            self._tally.unchanged += 1
        elif self._options.dry_run:
            self._foresee(row, created=record is None)
        else:
            return [Pending(row, record, call)]
        return []

    def _foresee(self, row: CustomerRow, *, created: bool) -> None:
        doubt = doubtful(row.values)
        if doubt and not self._options.lenient:
            self._fail(row, doubt.code, doubt.message, self._options.mapping.column_of(doubt.column))
            return
        if doubt:
            self._tally.warn(row.number, row.key, replace(doubt, column=self._options.mapping.column_of(doubt.column)))
        self._count(created=created)

    async def _send(self, pending: Sequence[Pending]) -> list[Pending]:
        """What has to be sent once more."""
        again: list[Pending] = []
        for piece in chunks(pending):
            outcomes = await send(self._session, [item.call for item in piece])
            for item, outcome in zip(piece, outcomes, strict=True):
                again.extend(self._settle(item, outcome))
        return again

    def _settle(self, item: Pending, outcome: Outcome) -> list[Pending]:
        if not outcome.errors and outcome.record:
            if item.record and outcome.record["version"] == item.record["version"]:
                self._tally.unchanged += 1
            else:
                self._count(created=item.record is None)
            return []
        if any(error.code == "VERSION_CONFLICT" for error in outcome.errors) and outcome.record:
            return self._plan(item.row, outcome.record)
        refused = {error.field for error in outcome.errors}
        if self._options.lenient and refused and refused <= CONTACT_FIELDS & item.row.values.keys():
            return self._without(item, outcome.errors)
        problems = [self._problem(item.row, error) for error in outcome.errors]
        first, *others = problems or [RowProblem("NO_ANSWER", "no record was given")]
        for other in others:
            self._tally.warn(item.row.number, item.row.key, other)
        self._tally.fail(item.row.number, item.row.key, first)
        return []

    def _without(self, item: Pending, errors: Sequence[UserError]) -> list[Pending]:
        """The row once more, without the contact values that were refused."""
        row = item.row
        for error in errors:
            problem = self._problem(row, error)
            self._tally.warn(row.number, row.key, replace(problem, message=f"left out: {problem.message}"))
        refused = {error.field for error in errors}
        kept = {name: value for name, value in row.values.items() if name not in refused}
        return self._plan(replace(row, values=kept), item.record)

    def _problem(self, row: CustomerRow, error: UserError) -> RowProblem:
        """The API's answer, with the value that it is about."""
        value = row.values.get(error.field)
        message = f"{value}: {error.message}" if isinstance(value, str) else error.message
        name = "owner" if error.field == "ownerId" else error.field
        return RowProblem(error.code, message, self._options.mapping.column_of(name))

    def _fail(self, row: CustomerRow, code: str, message: str, column: str = "") -> None:
        self._tally.fail(row.number, row.key, RowProblem(code, message, column))

    def _count(self, *, created: bool) -> None:
        if created:
            self._tally.created += 1
        else:
            self._tally.updated += 1


def _creation(row: CustomerRow, values: Mapping[str, Any]) -> Call:
    customer = {**values, "externalId": row.key, "idempotencyKey": uuid4().hex}
    return Call("createCustomer", customer, f"customer {{ {RECORD} }}")


def _change(row: CustomerRow, values: Mapping[str, Any], record: Json) -> Call | None:
    """Only what differs; None when nothing does. Empty cells say nothing, and tags are added, never taken away."""
    changes = {name: value for name, value in values.items() if name != "tags" and _differs(name, value, record[name])}
    if not row.kind_stated:
        changes.pop("kind", None)
    present = {tag.casefold() for tag in record["tags"]}
    added = [tag for tag in values.get("tags", ()) if tag.casefold() not in present]
    if added:
        changes["tags"] = [*record["tags"], *added]
    if not changes:
        return None
    change = {"id": record["id"], "expectedVersion": record["version"], **changes}
    return Call("updateCustomer", change, f"customer {{ {RECORD} }}")


def _differs(name: str, wanted: str, stored: str | None) -> bool:
    if stored is None:
        return True
    if name == "phone":
        return (to_e164(wanted) or wanted) != stored
    if name == "email":
        return wanted.casefold() != stored.casefold()
    return wanted != tidy(stored)
