"""The custom fields of one type, together: what their values may be, and what a record is found by.

Records keep ``custom``, a mapping of keys to stored values; of it are made ``tokens`` (what filters go by) and
``unique_tokens`` (what no two records have). Whoever imports, exports or builds segments asks ``fields``, ``from_text``
and ``to_text``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rapport_customers.custom_fields.errors import RequiredFieldMissing, UnknownCustomField
from rapport_customers.custom_fields.model import CustomField
from rapport_customers.custom_fields.values import CustomFieldType, checked, from_text, to_json, to_text


@dataclass(frozen=True)
class Definitions:
    """The fields that are not deleted, the oldest first."""

    fields: tuple[CustomField, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[str, CustomField]:
        """The fields by key."""
        return {field.key: field for field in self.fields}

    def field(self, key: str) -> CustomField:
        """Raises UnknownCustomField."""
        found = self.by_key.get(key)
        if found is None:
            raise UnknownCustomField(f"There is no custom field {key[:60]!r}.", path=("input", "custom", key[:60]))
        return found

    def stored(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values in their public JSON form, by key, in stored form. Raises UnknownCustomField, InvalidCustomValue."""
        return {key: checked(key, self.field(key).rules, value) for key, value in given.items()}

    def merged(self, known: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """The stored values after these changes, in stored form, of which None clears.

        Raises RequiredFieldMissing for a required value that would be cleared.
        """
        self._require(key for key, value in changes.items() if value is None and key in self.by_key)
        return {key: value for key, value in {**known, **changes}.items() if value is not None}

    def require_all(self, custom: Mapping[str, Any]) -> None:
        """Raise RequiredFieldMissing where a new record lacks a required value."""
        self._require(self.by_key.keys() - custom.keys())

    def unique_tokens(self, custom: Mapping[str, Any]) -> tuple[str, ...]:
        """What no other record may have; those of deleted fields are free."""
        return tuple(
            f"{field.key}={custom[field.key]}" for field in self.fields if field.unique and field.key in custom
        )

    def references(self, custom: Mapping[str, Any]) -> Iterable[tuple[CustomField, str]]:
        """The ids among these stored values, with their fields."""
        for key, value in custom.items():
            field = self.by_key.get(key)
            if field is not None and field.rules.type is CustomFieldType.REFERENCE and value is not None:
                yield field, value

    def from_text(self, key: str, text: str) -> Any:
        """A text of a table as the JSON that ``custom`` of an input takes; None for a blank one.

        Raises UnknownCustomField, InvalidCustomValue.
        """
        rules = self.field(key).rules
        return to_json(rules, from_text(key, rules, text))

    def to_text(self, key: str, custom: Mapping[str, Any]) -> str:
        """A record's value as a text that ``from_text`` reads as the same; empty where there is none."""
        return to_text(self.field(key).rules, custom.get(key))

    def _require(self, absent: Iterable[str]) -> None:
        missing = [
            RequiredFieldMissing(f"{self.by_key[key].label} is required.", path=("input", "custom", key))
            for key in sorted(absent)
            if self.by_key[key].required
        ]
        if missing:
            first, *rest = missing
            first.more = tuple(rest)
            raise first
