"""An import: what its columns mean, how far it has come, and what became of each row; no I/O."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.customers.model import MERGEABLE
from rapport_customers.imports.errors import InvalidMapping, InvalidRows

MAX_COLUMNS: Final = 200
MAX_ROWS: Final = 500
CUSTOM: Final = "custom."
LIST_SEPARATOR: Final = ";"


class ImportKey(StrEnum):
    """What tells whether a row is about a customer that there is."""

    EXTERNAL_ID = "EXTERNAL_ID"
    EMAIL = "EMAIL"
    PHONE = "PHONE"


class ImportMode(StrEnum):
    """What is done with rows about customers that there are, and with those about others."""

    UPSERT = "UPSERT"
    CREATE = "CREATE"
    UPDATE = "UPDATE"


class ImportStatus(StrEnum):
    """Where an import stands."""

    OPEN = "OPEN"
    FINISHED = "FINISHED"
    REVERTED = "REVERTED"


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """Where a field (an attribute, or ``custom.`` and a key) comes from.

    ``columns`` are joined by a space; ``values`` says what stands for what; ``constant`` where there is no column.
    """

    field: str
    columns: tuple[str, ...] = ()
    constant: str | None = None
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """``version`` is the customer's after the row; what is wrong with a failed one says no value."""

    row: int
    outcome: Outcome
    customer_id: str | None = None
    version: int | None = None
    code: str | None = None
    column: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """``next_row`` counts from 1; ``counts`` by outcome add up to the rows before it."""

    id: str
    owner_id: str
    name: str
    columns: tuple[str, ...]
    sources: tuple[FieldSource, ...]
    key: ImportKey
    mode: ImportMode
    dry_run: bool
    created_at: datetime
    status: ImportStatus = ImportStatus.OPEN
    next_row: int = 1
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    finished_at: datetime | None = None
    reverted: int = 0
    conflicts: int = 0
    revert_from: int | None = None

    def check(self) -> None:
        """Raises InvalidMapping."""
        fields = [source.field for source in self.sources]
        known = {*MERGEABLE, *(name for name in fields if name.startswith(CUSTOM))} - {"custom"}
        columns = {column for source in self.sources for column in source.columns}
        faults = {
            "every column has a name of its own": len(set(self.columns)) != len(self.columns),
            f"there are 1 to {MAX_COLUMNS} columns": not 1 <= len(self.columns) <= MAX_COLUMNS,
            "a field is filled once": len(set(fields)) != len(fields),
            "a field is one of a customer's": not set(fields) <= known,
            "a column is one of the table's": not columns <= set(self.columns),
            "the key is filled": self.key.value.lower() not in fields,
        }
        broken = [said for said, is_broken in faults.items() if is_broken]
        if broken:
            raise InvalidMapping(f"In a mapping, {broken[0]}.", path=("input", "mapping"))

    @property
    def has_custom(self) -> bool:
        """Whether it fills custom fields."""
        return any(source.field.startswith(CUSTOM) for source in self.sources)

    def details(self, cells: Sequence[str | None]) -> dict[str, Any]:
        """What a row says of a customer, by attribute, custom values as texts; an empty cell says nothing.

        Raises InvalidRows.
        """
        if len(cells) != len(self.columns):
            raise InvalidRows(f"The row has {len(cells)} cells for {len(self.columns)} columns.", path=("row",))
        by_column = dict(zip(self.columns, cells, strict=True))
        details: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for source in self.sources:
            text = _text(source, by_column)
            if text and source.field.startswith(CUSTOM):
                custom[source.field.removeprefix(CUSTOM)] = text
            elif text:
                details[source.field] = _listed(text) if source.field == "tags" else text
        return {**details, "custom": custom} if custom else details

    def column_of(self, name: str) -> str | None:
        """The first column that fills a field."""
        source = next((source for source in self.sources if source.field in {name, f"{CUSTOM}{name}"}), None)
        return source.columns[0] if source is not None and source.columns else None


def _text(source: FieldSource, cells: Mapping[str, str | None]) -> str:
    parts = [(cells[column] or "").strip() for column in source.columns]
    text = " ".join(part for part in parts if part) or (source.constant or "")
    return source.values.get(text, text)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]
