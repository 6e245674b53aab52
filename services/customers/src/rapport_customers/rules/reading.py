"""Rules in their stored form: plain JSON, as clients write them; ``{"lastOrderAt": {"withinDays": 30}}``."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from rapport_customers.rules.errors import InvalidRule
from rapport_customers.rules.model import (
    COMPARISONS,
    CREATED,
    Absent,
    AllOf,
    AnyOf,
    Compared,
    InCurrency,
    Not,
    NotFor,
    OneOf,
    Rule,
    Within,
)
from rapport_shared.clock import to_milliseconds
from rapport_shared.money import InvalidMoney, Money, scaled

MAX_DEPTH: Final = 8
MAX_CONDITIONS: Final = 50
MAX_VALUES: Final = 200
MAX_DAYS: Final = 36500
PATH: Final = ("input", "rule")
NEEDS: Final = "facts.needs"
GROUPS: Final = frozenset({"and", "or", "not"})
DERIVED: Final = frozenset({"tagIds", "tier"})
"""What rules themselves decide: only a segment may go by it, or rules would chase each other."""
OF_ORDERS: Final = frozenset({"spend", "averageOrder"})
"""Sums of orders: for who may read orders."""


def rule_of(stored: Mapping[str, Any]) -> Rule:
    """The rule that the JSON says. Raises InvalidRule."""
    rule = _read(stored, 0)
    if sum(1 for _ in facts_of(stored)) > MAX_CONDITIONS:
        raise InvalidRule(f"A rule has at most {MAX_CONDITIONS} conditions.", path=PATH)
    return rule


def facts_of(stored: Mapping[str, Any]) -> Iterator[str]:
    """The facts that a rule goes by, in their order, with repetitions."""
    for name, value in stored.items():
        if name not in GROUPS:
            yield name
            continue
        for part in value if isinstance(value, list) else [value]:
            yield from facts_of(part)


def require_facts_only(stored: Mapping[str, Any]) -> None:
    """Raise InvalidRule where a rule goes by what rules decide."""
    if DERIVED & set(facts_of(stored)):
        raise InvalidRule("Only a segment may go by tags and tiers.", path=PATH)


def told(changed: tuple[str, ...]) -> tuple[str, ...]:
    """The names of changed fields as events have them, which tell of a rule by its version."""
    return tuple("rule_version" if name == "rule" else name for name in changed)


def with_tag_replaced(stored: Any, gone: str, by: str) -> Any:
    """The same rule, with one tag in place of another."""
    if isinstance(stored, list):
        return [with_tag_replaced(each, gone, by) for each in stored]
    if isinstance(stored, Mapping):
        return {name: with_tag_replaced(value, gone, by) for name, value in stored.items()}
    return by if stored == gone else stored


def _read(stored: Mapping[str, Any], depth: int) -> Rule:
    if depth > MAX_DEPTH:
        raise InvalidRule(f"A rule may be nested {MAX_DEPTH} levels deep.", path=PATH)
    parts: list[Rule] = []
    for name, value in stored.items():
        if name == "not":
            parts.append(Not(_read(value, depth + 1)))
        elif name in GROUPS:
            group = tuple(_read(part, depth + 1) for part in value)
            if not group:
                raise InvalidRule(f"The group {name} of a rule is empty.", path=PATH)
            parts.append(AllOf(group) if name == "and" else AnyOf(group))
        elif name in _FACTS:
            parts += _FACTS[name](value)
        else:
            raise InvalidRule(f"No rule goes by {name}.", path=PATH)
    if not parts:
        raise InvalidRule("A rule, and each part of it, has at least one condition.", path=PATH)
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _text(path: str) -> Callable[[Mapping[str, Any]], list[Rule]]:
    def read(given: Mapping[str, Any]) -> list[Rule]:
        return [_text_condition(path, name, operand) for name, operand in given.items()]

    return read


def _text_condition(path: str, name: str, operand: Any) -> Rule:
    if name == "isNull":
        return Absent(path) if operand else Not(Absent(path))
    values = tuple(operand) if name == "in" else (operand,)
    if len(values) > MAX_VALUES:
        raise InvalidRule(f"A condition may name {MAX_VALUES} values.", path=PATH)
    return OneOf(path, values)


def _number(path: str, absent: int | None = 0) -> Callable[[Mapping[str, Any]], list[Rule]]:
    def read(given: Mapping[str, Any]) -> list[Rule]:
        return [Compared(path, name, operand, absent) for name, operand in given.items()]

    return read


def _time(path: str) -> Callable[[Mapping[str, Any]], list[Rule]]:
    def read(given: Mapping[str, Any]) -> list[Rule]:
        return [_time_condition(path, name, operand) for name, operand in given.items()]

    return read


def _time_condition(path: str, name: str, operand: Any) -> Rule:
    match name:
        case "withinDays":
            return Within(path, _days(operand))
        case "notForDays":
            return NotFor(path, _days(operand))
        case "isNull":
            return Absent(path) if operand else Not(Absent(path))
        case _:
            return Compared(path, {"after": "gt", "before": "lt"}[name], _instant(operand))


def _days(operand: int) -> int:
    if not 1 <= operand <= MAX_DAYS:
        raise InvalidRule(f"A number of days is 1 to {MAX_DAYS}.", path=PATH)
    return operand


def _instant(operand: str) -> datetime:
    return to_milliseconds(datetime.fromisoformat(operand).astimezone(UTC))


def _money(name: str, absent: int | None) -> Callable[[Mapping[str, Any]], list[Rule]]:
    def read(given: Mapping[str, Any]) -> list[Rule]:
        currency = given["currency"]
        conditions = [
            InCurrency(name, currency, comparison, _amount(given[comparison], currency), absent)
            for comparison in COMPARISONS
            if comparison in given
        ]
        if not conditions:
            raise InvalidRule("A condition on a sum compares it with an amount.", path=PATH)
        return list(conditions)

    return read


def need_mark(kind: str, status: str) -> str:
    """What a customer is marked with who has a need of this kind and status."""
    return f"{kind}:{status}"


def _needs(given: Mapping[str, Any]) -> list[Rule]:
    conditions: list[Rule] = []
    if given.keys() >= {"kinds", "statuses"}:
        both = {need_mark(kind, status) for kind in set(given["kinds"]) for status in set(given["statuses"])}
        conditions.append(OneOf(NEEDS, tuple(sorted(both))))
    else:
        conditions += [OneOf(NEEDS, tuple(sorted(set(given[name])))) for name in ("kinds", "statuses") if name in given]
    if "isNull" in given:
        conditions.append(Absent(NEEDS) if given["isNull"] else Not(Absent(NEEDS)))
    return conditions


def _amount(operand: str, currency: str) -> int:
    try:
        return scaled(Money.of(Decimal(operand), currency).amount)
    except (InvalidMoney, InvalidOperation) as wrong:
        raise InvalidRule(str(wrong), path=PATH) from None


_FACTS: Final[Mapping[str, Callable[[Mapping[str, Any]], list[Rule]]]] = {
    "kind": _text("kind"),
    "stage": _text("stage"),
    "source": _text("source"),
    "industry": _text("industry"),
    "ownerId": _text("owner_id"),
    "tagIds": _text("tag_ids"),
    "tier": _text("tier"),
    "createdAt": _time(CREATED),
    "orderCount": _number("facts.order_count"),
    "spend": _money("spend", 0),
    "averageOrder": _money("average", None),
    "daysBetweenOrders": _number("facts.days_between_orders", None),
    "firstOrderAt": _time("facts.first_order_at"),
    "lastOrderAt": _time("facts.last_order_at"),
    "lastInteractionAt": _time("facts.last_interaction_at"),
    "openTasks": _number("facts.open_tasks"),
    "needs": _needs,
}
FACTS: Final = frozenset(_FACTS)
