"""A custom field: its key and rules, and what becomes of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Final

from rapport_customers.custom_fields.errors import InvalidCustomField
from rapport_customers.custom_fields.values import (
    ID_PREFIXES,
    MAX_TEXT,
    CustomFieldType,
    Option,
    ValueRules,
    compile_pattern,
)
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.custom_fields import (
    CustomFieldDefined,
    CustomFieldDeleted,
    CustomFieldRestored,
    CustomFieldState,
    CustomFieldUpdated,
)
from rapport_shared.text import printable

APPLIES_TO: Final = frozenset({"Customer"})
MAX_LABEL: Final = 100
MAX_DESCRIPTION: Final = 500
MAX_OPTIONS: Final = 200
MAX_PATTERN: Final = 500
_KEY: Final = re.compile(r"[a-z][a-zA-Z0-9]{0,39}")
_LIMITS: Final = {"minimum", "maximum"}
_RULES_OF: Final[Mapping[CustomFieldType, frozenset[str]]] = {
    CustomFieldType.TEXT: frozenset({"min_length", "max_length", "pattern"}),
    CustomFieldType.NUMBER: frozenset(_LIMITS),
    CustomFieldType.DATE: frozenset({"earliest", "latest"}),
    CustomFieldType.SELECT: frozenset({"options"}),
    CustomFieldType.MULTI: frozenset({"options"}),
    CustomFieldType.REFERENCE: frozenset({"references"}),
    CustomFieldType.MONEY: frozenset(_LIMITS),
}
SORTABLE: Final = frozenset(CustomFieldType) - {CustomFieldType.MULTI, CustomFieldType.REFERENCE}
UNIQUE: Final = frozenset({CustomFieldType.TEXT, CustomFieldType.NUMBER, CustomFieldType.REFERENCE})
_RULE_NAMES: Final = frozenset(field.name for field in fields(ValueRules)) - {"type"}


@dataclass(kw_only=True)
class CustomField(Aggregate):
    """``key`` names it among the fields of its type, for good; ``sort_ready`` says that lists can be sorted by it."""

    applies_to: str
    key: str
    label: str
    rules: ValueRules
    description: str | None = None
    required: bool = False
    unique: bool = False
    sortable: bool = False
    sort_ready: bool = False
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def define(cls, identifier: str, details: Mapping[str, Any], *, now: datetime) -> "CustomField":
        """A new field; ``details`` are attribute names of the field and of its rules. Raises InvalidCustomField."""
        own = {name: value for name, value in details.items() if name not in _RULE_NAMES | {"type"}}
        given = {name: value for name, value in details.items() if name in _RULE_NAMES and value is not None}
        rules = _checked_rules(ValueRules(type=details["type"]), given)
        if details["applies_to"] not in APPLIES_TO or not _KEY.fullmatch(details["key"]):
            raise _invalid("key", "A key is camelCase: a small letter, then up to 39 letters and digits.")
        field = cls(id=identifier, rules=rules, created_at=now, updated_at=now, **_checked(own, rules))
        field.record(CustomFieldDefined(custom_field_id=identifier, after=field.state()))
        return field

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; what it holds, its key and whether values are unique never change."""
        given = {name: value for name, value in changes.items() if name in _RULE_NAMES}
        rules = _checked_rules(self.rules, given)
        own = _checked({name: value for name, value in changes.items() if name not in _RULE_NAMES}, rules)
        changed = (*self.differing(own), *(name for name in given if getattr(rules, name) != getattr(self.rules, name)))
        if not changed:
            return
        before = self.state()
        self.assign(own)
        self.rules, self.updated_at = rules, now
        after = self.state()
        self.record(
            CustomFieldUpdated(custom_field_id=self.id, changed=tuple(sorted(changed)), before=before, after=after)
        )

    def delete(self, *, now: datetime) -> None:
        """Show it no more; its values stay stored until their records are erased, and what history says stays."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(CustomFieldDeleted(custom_field_id=self.id, before=before, after=self.state()))

    def restore(self, *, now: datetime) -> None:
        """Bring it back, with the values of before; nothing happens where it was not deleted."""
        if self.deleted_at is None:
            return
        before = self.state()
        self.deleted_at, self.updated_at = None, now
        self.record(CustomFieldRestored(custom_field_id=self.id, before=before, after=self.state()))

    @property
    def sort_paths(self) -> tuple[str, ...]:
        """The paths in a record that lists are sorted by; money goes by currency, then amount."""
        path = f"custom.{self.key}"
        return (f"{path}.currency", f"{path}.amount") if self.rules.type is CustomFieldType.MONEY else (path,)

    def state(self) -> CustomFieldState:
        """What others may know."""
        return CustomFieldState(
            applies_to=self.applies_to,
            field=self.key,
            holds=self.rules.type.value,
            deleted=self.deleted_at is not None,
        )


def _checked(details: Mapping[str, Any], rules: ValueRules) -> dict[str, Any]:
    """What a field says besides the rules of its values."""
    found = dict(details)
    for name in ("required", "unique", "sortable"):
        if name in found:
            found[name] = bool(found[name])
    if "label" in found:
        found["label"] = _text(found["label"], "label", MAX_LABEL)
    if found.get("description") is not None:
        found["description"] = _text(found["description"], "description", MAX_DESCRIPTION)
    if found.get("unique") and rules.type not in UNIQUE:
        raise _invalid("unique", f"Values are unique in fields of {', '.join(sorted(UNIQUE))}.")
    if found.get("sortable") and rules.type not in SORTABLE:
        raise _invalid("sortable", f"Lists are sorted by fields of {', '.join(sorted(SORTABLE))}.")
    return found


def _checked_rules(known: ValueRules, given: Mapping[str, Any]) -> ValueRules:
    """The rules with others; None takes one away."""
    alien = given.keys() - _RULES_OF[known.type]
    if alien:
        raise _invalid(min(alien), f"A field of {known.type} has no such rule.")
    changes: dict[str, Any] = {**given}
    if "options" in changes:
        changes["options"] = changes["options"] or ()
    rules = replace(known, **changes)
    if rules.type in {CustomFieldType.SELECT, CustomFieldType.MULTI}:
        rules = replace(rules, options=_checked_options(rules.options))
    if rules.type is CustomFieldType.REFERENCE and rules.references not in ID_PREFIXES:
        raise _invalid("references", f"A reference is to {', '.join(sorted(ID_PREFIXES))}.")
    if rules.pattern is not None:
        _check_pattern(rules.pattern)
    for name in ("min_length", "max_length"):
        length = getattr(rules, name)
        if length is not None and not 1 <= length <= MAX_TEXT:
            raise _invalid(name, f"A text has 1 to {MAX_TEXT} characters.")
    for least, most in (("minimum", "maximum"), ("earliest", "latest"), ("min_length", "max_length")):
        _check_range(least, getattr(rules, least), getattr(rules, most))
    return rules


def _check_range(name: str, least: float | date | None, most: float | date | None) -> None:
    if least is not None and most is not None and least > most:  # type: ignore[operator] # both are of one type
        raise _invalid(name, "This is more than the most that is allowed.")


def _check_pattern(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN:
        raise _invalid("pattern", f"A pattern has at most {MAX_PATTERN} characters.")
    try:
        compile_pattern(pattern)
    except ValueError as wrong:
        raise _invalid("pattern", str(wrong)) from None


def _checked_options(options: tuple[Option, ...]) -> tuple[Option, ...]:
    found = tuple(
        Option(_text(option.value, "options", MAX_LABEL), _text(option.label, "options", MAX_LABEL))
        for option in options
    )
    values = {option.value for option in found}
    if not 1 <= len(found) <= MAX_OPTIONS or len(values) != len(found):
        raise _invalid("options", f"There are 1 to {MAX_OPTIONS} options, each with a value of its own.")
    if any(mark in value for value in values for mark in ";；、|\n"):
        raise _invalid("options", "A value has no separators in it: ; ； 、 |")
    return found


def _text(value: str | None, name: str, most: int) -> str:
    text = printable(value or "")
    if not text or len(text) > most:
        raise _invalid(name, f"This has 1 to {most} printable characters.")
    return text


def _invalid(name: str, message: str) -> InvalidCustomField:
    first, *rest = name.split("_")
    return InvalidCustomField(message, path=("input", first + "".join(part.title() for part in rest)))
