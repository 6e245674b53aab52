"""A table of customers: its columns, and its rows as lines of CSV or NDJSON."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

import orjson

from rapport_customers.custom_fields.definitions import Definitions
from rapport_customers.custom_fields.values import to_json
from rapport_customers.customers.model import Customer
from rapport_customers.exports.inputs import ExportFormat
from rapport_shared.contracts.roles import CUSTOM
from rapport_shared.errors import BadInput, ForbiddenField
from rapport_shared.graphql.scalars import serialize_date_time

TAGS: Final = "tags"
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")
_SEPARATOR: Final = "; "

OWN_COLUMNS: Final[Mapping[str, Callable[[Customer], object]]] = {
    "id": lambda customer: customer.id,
    "externalId": lambda customer: customer.external_id,
    "kind": lambda customer: customer.kind,
    "name": lambda customer: customer.name,
    "phone": lambda customer: customer.phone,
    "email": lambda customer: customer.email,
    "wechat": lambda customer: customer.wechat,
    "source": lambda customer: customer.source,
    "stage": lambda customer: customer.stage,
    "stageSince": lambda customer: customer.stage_since,
    "priority": lambda customer: customer.priority,
    "ownerId": lambda customer: customer.owner_id,
    TAGS: lambda customer: customer.tag_ids,
    "tier": lambda customer: customer.tier,
    "industry": lambda customer: customer.industry,
    "companySize": lambda customer: customer.company_size,
    "contactPerson": lambda customer: customer.contact_person,
    "orderCount": lambda customer: customer.facts.order_count,
    "firstOrderAt": lambda customer: customer.facts.first_order_at,
    "lastOrderAt": lambda customer: customer.facts.last_order_at,
    "lastInteractionAt": lambda customer: customer.facts.last_interaction_at,
    "openTasks": lambda customer: customer.facts.open_tasks,
    "createdAt": lambda customer: customer.created_at,
    "updatedAt": lambda customer: customer.updated_at,
    "deletedAt": lambda customer: customer.deleted_at,
    "version": lambda customer: customer.version,
}
"""Columns by their names in the schema."""


@dataclass(frozen=True)
class Table:
    """The columns of one export, and what their values are made of; ``tag_names`` are by id."""

    columns: tuple[str, ...]
    definitions: Definitions
    tag_names: Mapping[str, str]

    def lines(self, customers: Iterable[Customer], form: ExportFormat, *, header: bool) -> str:
        """The rows, each with its end of line; of CSV the names of the columns before them where ``header``."""
        if form is ExportFormat.NDJSON:
            return "".join(
                orjson.dumps(self._record(each), option=orjson.OPT_APPEND_NEWLINE).decode() for each in customers
            )
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        if header:
            writer.writerow(self.columns)
        writer.writerows([[self._cell(name, each) for name in self.columns] for each in customers])
        return text.getvalue()

    def _record(self, customer: Customer) -> dict[str, Any]:
        return {name: self._value(name, customer) for name in self.columns}

    def _cell(self, name: str, customer: Customer) -> str:
        key = name.removeprefix(CUSTOM)
        if key != name:
            return harmless(self.definitions.to_text(key, customer.custom))
        value = self._value(name, customer)
        return harmless(_SEPARATOR.join(value) if isinstance(value, list) else "" if value is None else str(value))

    def _value(self, name: str, customer: Customer) -> Any:
        """As JSON has it."""
        key = name.removeprefix(CUSTOM)
        if key != name:
            return to_json(self.definitions.field(key).rules, customer.custom.get(key))
        value = OWN_COLUMNS[name](customer)
        if name == TAGS:
            return [self.tag_names[tag_id] for tag_id in customer.tag_ids if tag_id in self.tag_names]
        if isinstance(value, datetime):
            return serialize_date_time(value)
        return value.value if isinstance(value, Enum) else value


def columns_of(definitions: Definitions, hidden: frozenset[str], asked: Sequence[str] | None) -> tuple[str, ...]:
    """The columns that were asked for, in their order; all that are not hidden where none were.

    Raises ForbiddenField for one that is hidden, BadInput for one that there is not.
    """
    known = (*OWN_COLUMNS, *(CUSTOM + field.key for field in definitions.fields))
    if asked is None:
        return tuple(name for name in known if name not in hidden)
    for name in asked:
        if name in hidden:
            raise ForbiddenField.named(name)
        if name not in known:
            raise BadInput(f"Customers have no column {name[:60]!r}.")
    if not asked:
        raise BadInput("An export has at least one column.")
    return tuple(dict.fromkeys(asked))


def harmless(text: str) -> str:
    """The text as no spreadsheet takes it for a formula: with an apostrophe before what could be one.

    Numbers stay as they are, phone numbers such as +8613812345678 among them.
    """
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
