"""Rules as trees of conditions. Each says the same in two ways: of one customer in memory, and as a database filter.

A customer is its stored document. Both ways take the time that counts as now, and a condition on the clock also says
when it may become true or false while nothing else happens: nobody has to look at a customer before that.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

CREATED: Final = "created_at"
SUMS: Final = "facts.sums"
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
COMPARISONS: Final = tuple(_COMPARISONS)


class Rule(Protocol):
    """A condition, or several put together."""

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""

    def flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        """The times after ``now`` at which the clock alone may make it true or false."""


def next_flip(rule: Rule, customer: Mapping[str, Any], now: datetime) -> datetime | None:
    """When to look at the customer again, if nothing else happens to it; None for never."""
    return min(rule.flips(customer, now), default=None)


def value_at(customer: Mapping[str, Any], path: str) -> Any:
    """What the document has at a dotted path, or None."""
    value: Any = customer
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


class _Timeless:
    def flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        """Never by the clock."""
        return iter(())


@dataclass(frozen=True, slots=True)
class OneOf(_Timeless):
    """A value, or one of a list of values, is one of these."""

    path: str
    values: tuple[str, ...]

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        value = value_at(customer, self.path)
        return any(each in self.values for each in (value if isinstance(value, list) else [value]))

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        return {self.path: {"$in": list(self.values)}}


@dataclass(frozen=True, slots=True)
class Absent(_Timeless):
    """There is no value, or an empty list of values."""

    path: str

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        return value_at(customer, self.path) in (None, [])

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        return {self.path: {"$in": [None, []]}}


@dataclass(frozen=True, slots=True)
class Compared(_Timeless):
    """A number or time compared with a fixed one; ``absent`` is what counts where there is none, if anything does."""

    path: str
    comparison: str
    operand: Any
    absent: int | None = None

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        value = value_at(customer, self.path)
        value = self.absent if value is None else value
        return value is not None and _COMPARISONS[self.comparison](value, self.operand)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        met: dict[str, Any] = {self.path: {f"${self.comparison}": self.operand}}
        if self.absent is None or not _COMPARISONS[self.comparison](self.absent, self.operand):
            return met
        return {"$or": [met, {self.path: None}]}


@dataclass(frozen=True, slots=True)
class InCurrency(_Timeless):
    """A sum of orders in one currency, in ten-thousandths; without any order ``absent`` counts, if not None."""

    name: str
    currency: str
    comparison: str
    operand: int
    absent: int | None

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        sums = value_at(customer, SUMS) or []
        value = next((each[self.name] for each in sums if each["currency"] == self.currency), self.absent)
        return value is not None and _COMPARISONS[self.comparison](value, self.operand)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        summed = {"currency": self.currency, self.name: {f"${self.comparison}": self.operand}}
        met: dict[str, Any] = {SUMS: {"$elemMatch": summed}}
        if self.absent is None or not _COMPARISONS[self.comparison](self.absent, self.operand):
            return met
        return {"$or": [met, {f"{SUMS}.currency": {"$ne": self.currency}}]}


@dataclass(frozen=True, slots=True)
class Within:
    """Something happened less than so many days ago."""

    path: str
    days: int

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        at = value_at(customer, self.path)
        return at is not None and at > now - timedelta(days=self.days)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        return {self.path: {"$gt": now - timedelta(days=self.days)}}

    def flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        """When it has been that long."""
        return _after(now, value_at(customer, self.path), self.days)


@dataclass(frozen=True, slots=True)
class NotFor:
    """Something has not happened for so many days; where it never did, that long since the customer is on record."""

    path: str
    days: int

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        return bool(self._since(customer) <= now - timedelta(days=self.days))

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        until = {"$lte": now - timedelta(days=self.days)}
        return {"$or": [{self.path: until}, {self.path: None, CREATED: until}]}

    def flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        """When it has been that long."""
        return _after(now, self._since(customer), self.days)

    def _since(self, customer: Mapping[str, Any]) -> Any:
        at = value_at(customer, self.path)
        return customer[CREATED] if at is None else at


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part is true."""

    parts: tuple[Rule, ...]

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        return all(part.holds(customer, now) for part in self.parts)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        return {"$and": [part.condition(now) for part in self.parts]}

    def flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        """When a part may."""
        return _flips_of(self.parts, customer, now)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part is true."""

    parts: tuple[Rule, ...]

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        return any(part.holds(customer, now) for part in self.parts)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        return {"$or": [part.condition(now) for part in self.parts]}

    def flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        """When a part may."""
        return _flips_of(self.parts, customer, now)


@dataclass(frozen=True, slots=True)
class Not:
    """The part is not true."""

    part: Rule

    def holds(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether it is true of the customer."""
        return not self.part.holds(customer, now)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The database filter of the customers of whom it is true."""
        return {"$nor": [self.part.condition(now)]}

    def flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        """When the part may."""
        return self.part.flips(customer, now)


def _after(now: datetime, since: datetime | None, days: int) -> Iterator[datetime]:
    if since is not None and since + timedelta(days=days) > now:
        yield since + timedelta(days=days)


def _flips_of(parts: tuple[Rule, ...], customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
    for part in parts:
        yield from part.flips(customer, now)
