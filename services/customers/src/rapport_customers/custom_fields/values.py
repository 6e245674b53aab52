"""The values of custom fields: as given in JSON or text, as stored, and as shown.

Stored forms are texts, numbers, lists of texts, dates as ``2026-03-01`` and money as ``{amount, currency}`` with the
amount in ten-thousandths. Functions raise InvalidCustomValue, whose path names ``custom`` and the field's key.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import re2

from rapport_customers.custom_fields.errors import InvalidCustomValue
from rapport_shared.money import InvalidMoney, Money
from rapport_shared.text import printable

MAX_TEXT: Final = 4000
MAX_NUMBER: Final = 10**15
ID_PREFIXES: Final = {"Customer": "cus", "User": "usr", "Product": "prd"}
_ID: Final = re.compile(r"[0-9a-z]{26}")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_WRITTEN_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SEPARATORS: Final = re.compile(r"[;；、|\n]")
_MONEY: Final = re.compile(r"(?P<first>[A-Z]{3})?\s*(?P<amount>-?[\d,]+(?:\.\d+)?)\s*(?P<last>[A-Z]{3})?")


class CustomFieldType(StrEnum):
    """What a custom field holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    SELECT = "SELECT"
    MULTI = "MULTI"
    REFERENCE = "REFERENCE"
    MONEY = "MONEY"


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values of a SELECT or MULTI field: ``value`` is stored, ``label`` is what people read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRules:
    """What a field's values have to be; each rule belongs to some types only.

    ``minimum`` and ``maximum`` are numbers, or days for DATE; lengths are in characters; ``pattern`` is an RE2
    expression that the whole text matches; ``references`` is a type's name.
    """

    type: CustomFieldType
    options: tuple[Option, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    earliest: date | None = None
    latest: date | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    references: str | None = None


def checked(key: str, rules: ValueRules, value: Any) -> Any:
    """The stored form of a value as JSON has it; None for nothing."""
    if value is None or value in ("", []):
        return None
    try:
        return _CHECKS[rules.type](rules, value)
    except ValueError as wrong:
        raise InvalidCustomValue(f"{key}: {wrong}", path=("input", "custom", key)) from None


def from_text(key: str, rules: ValueRules, text: str) -> Any:
    """The stored form of a value as people write it in a table; None for a blank text.

    An option is named by its value or its label, several are separated by ``;``; money is ``1234.50 CNY``.
    """
    if not text.strip():
        return None
    try:
        return _CHECKS[rules.type](rules, _READERS.get(rules.type, _as_written)(rules, text.strip()))
    except ValueError as wrong:
        raise InvalidCustomValue(f"{key}: {wrong}", path=("input", "custom", key)) from None


def to_text(rules: ValueRules, stored: Any) -> str:
    """What ``from_text`` reads as the same value; empty for None."""
    if stored is None:
        return ""
    if rules.type is CustomFieldType.MULTI:
        return "; ".join(stored)
    shown = to_json(rules, stored)
    return f"{shown['amount']} {shown['currency']}" if rules.type is CustomFieldType.MONEY else str(shown)


def to_json(rules: ValueRules, stored: Any) -> Any:
    """The public form, which ``checked`` takes as well."""
    if stored is None or rules.type is not CustomFieldType.MONEY:
        return stored
    money = Money.stored(stored)
    return {"amount": str(money.amount), "currency": money.currency}


def valid_mapping(given: Any) -> Mapping[str, Any]:
    """Values by key; none for None. Raises InvalidCustomValue."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidCustomValue("Custom values are given by key.", path=("input", "custom"))
    return given


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Any:
    """An expression that takes linear time on every text. Raises ValueError for one that RE2 does not know."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error:
        raise ValueError("This is no regular expression of RE2.") from None


def _text(rules: ValueRules, value: Any) -> str:
    text = printable(value, lines=True) if isinstance(value, str) else ""
    least, most = rules.min_length or 1, rules.max_length or MAX_TEXT
    if not least <= len(text) <= most:
        raise ValueError(f"This is a text of {least} to {most} printable characters.")
    if rules.pattern is not None and compile_pattern(rules.pattern).fullmatch(text) is None:
        raise ValueError("This is not of the form that the field asks for.")
    return text


def _number(rules: ValueRules, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_NUMBER:
        raise ValueError("This is a number.")
    _within(rules, value)
    return int(value) if float(value).is_integer() else float(value)


def _within(rules: ValueRules, value: float | Decimal) -> None:
    if rules.minimum is not None and value < rules.minimum:
        raise ValueError(f"This is at least {rules.minimum:g}.")
    if rules.maximum is not None and value > rules.maximum:
        raise ValueError(f"This is at most {rules.maximum:g}.")


def _day(rules: ValueRules, value: Any) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("This is a day such as 2026-03-01.")
    day = date.fromisoformat(value)
    if rules.earliest is not None and day < rules.earliest:
        raise ValueError(f"This is {rules.earliest} or later.")
    if rules.latest is not None and day > rules.latest:
        raise ValueError(f"This is {rules.latest} or earlier.")
    return day.isoformat()


def _option(rules: ValueRules, value: Any) -> str:
    if value not in [option.value for option in rules.options]:
        raise ValueError("This is none of the field's options.")
    return str(value)


def _options(rules: ValueRules, value: Any) -> list[str]:
    chosen = {_option(rules, item) for item in (value if isinstance(value, list) else [value])}
    return [option.value for option in rules.options if option.value in chosen]


def _reference(rules: ValueRules, value: Any) -> str:
    prefix, _, rest = value.partition("_") if isinstance(value, str) else ("", "", "")
    if prefix != ID_PREFIXES[str(rules.references)] or not _ID.fullmatch(rest):
        raise ValueError(f"This is the id of a {rules.references}.")
    return str(value)


def _money(rules: ValueRules, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or value.keys() != {"amount", "currency"}:
        raise ValueError("This is an amount and a currency.")
    try:
        money = Money.of(Decimal(str(value["amount"])), str(value["currency"]))
    except (InvalidOperation, InvalidMoney):
        raise ValueError("This is an amount such as 1234.50 in a currency such as CNY.") from None
    _within(rules, money.amount)
    return money.document()


def _as_written(_: ValueRules, text: str) -> Any:
    return text


def _written_number(_: ValueRules, text: str) -> float:
    plain = text.replace(",", "")
    if not _NUMBER.fullmatch(plain):
        raise ValueError("This is a number.")
    return float(plain)


def _written_day(_: ValueRules, text: str) -> str:
    found = _WRITTEN_DATE.fullmatch(text)
    if found is None:
        raise ValueError("This is a day such as 2026-03-01.")
    return date(*(int(part) for part in found.groups())).isoformat()


def _written_option(rules: ValueRules, text: str) -> str:
    values = {option.label: option.value for option in rules.options}
    return values.get(text.strip(), text.strip())


def _written_options(rules: ValueRules, text: str) -> list[str]:
    return [_written_option(rules, part) for part in _SEPARATORS.split(text) if part.strip()]


def _written_money(_: ValueRules, text: str) -> dict[str, Any]:
    found = _MONEY.fullmatch(text)
    currencies = [] if found is None else [name for name in (found["first"], found["last"]) if name]
    if found is None or len(currencies) != 1:
        raise ValueError("This is an amount with its currency, such as 1234.50 CNY.")
    return {"amount": found["amount"].replace(",", ""), "currency": currencies[0]}


_CHECKS: Final[Mapping[CustomFieldType, Callable[[ValueRules, Any], Any]]] = {
    CustomFieldType.TEXT: _text,
    CustomFieldType.NUMBER: _number,
    CustomFieldType.DATE: _day,
    CustomFieldType.SELECT: _option,
    CustomFieldType.MULTI: _options,
    CustomFieldType.REFERENCE: _reference,
    CustomFieldType.MONEY: _money,
}
_READERS: Final[Mapping[CustomFieldType, Callable[[ValueRules, str], Any]]] = {
    CustomFieldType.NUMBER: _written_number,
    CustomFieldType.DATE: _written_day,
    CustomFieldType.SELECT: _written_option,
    CustomFieldType.MULTI: _written_options,
    CustomFieldType.MONEY: _written_money,
}
