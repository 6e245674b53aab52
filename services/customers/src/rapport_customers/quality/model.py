"""The rules of data quality: which customers are found by each, and what of them is wrong; no I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rapport_customers.customers.model import Customer, CustomerKind
from rapport_customers.handling.model import Handling
from rapport_customers.handling.requirements import (
    ATTRIBUTES,
    STANDARD_OF_COMPANIES,
    STANDARD_OF_PERSONS,
    Requirements,
)
from rapport_customers.quality.tokens import NORMAL, QUALITY, invalid, mendable, missing, tokens


class QualityRule(StrEnum):
    """What can be wrong with a record."""

    MISSING = "MISSING"
    INVALID = "INVALID"
    STALE = "STALE"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is held against records: as the company handles its customers, without the fields ``hidden`` from a reader.

    ``everything``: whether the reader reaches all customers; ``duplicates`` finds customers that may be another one.
    """

    handling: Handling
    hidden: frozenset[str]
    everything: bool
    duplicates: Mapping[str, Any]
    now: datetime

    def condition(self, rule: QualityRule) -> dict[str, Any] | None:
        """The database filter of the rule's findings; None where the reader may not be told."""
        match rule:
            case QualityRule.MISSING:
                return _found_by([{QUALITY: {"$all": each}} for each in self._missing_sets()])
            case QualityRule.INVALID:
                flaws = [flaw(field) for field in self._checked() for flaw in (invalid, mendable)]
                return _found_by([{QUALITY: {"$in": flaws}}] if flaws else [])
            case QualityRule.STALE:
                before = self.now - timedelta(days=self.handling.stale_days)
                later = {"$not": {"$gte": before}}
                facts = {"facts.last_interaction_at": later, "facts.last_order_at": later}
                return {"deleted": False, "updated_at": {"$lt": before}, "erased_at": None, **facts}
            case QualityRule.DUPLICATE:
                # Whether somebody else's customer may be the same is for who sees both, and what they have in common.
                told = self.everything and not self.hidden & NORMAL.keys()
                return {**self.duplicates, "deleted": False} if told else None

    def fields(self, rule: QualityRule, customer: Customer) -> list[str]:
        """The fields at fault, by their names in the schema."""
        found = set(tokens(vars(customer)))
        if rule is QualityRule.MISSING:
            lacking = (each for each in self._missing_sets() if found.issuperset(each))
            return sorted({token.rpartition(":")[2] for each in lacking for token in each})
        if rule is QualityRule.INVALID:
            return [field for field in self._checked() if {invalid(field), mendable(field)} & found]
        return []

    def _checked(self) -> list[str]:
        return [field for field in NORMAL if field not in self.hidden]

    def _missing_sets(self) -> list[list[str]]:
        """The tokens of each set of fields of which a customer should have one; those with a hidden field left out."""
        wanted: Mapping[CustomerKind, Requirements] = {
            CustomerKind.PERSON: self.handling.required_of_persons or STANDARD_OF_PERSONS,
            CustomerKind.COMPANY: self.handling.required_of_companies or STANDARD_OF_COMPANIES,
        }
        return [list(each) for kind, sets in wanted.items() for each in self._tokens(kind, sets)]

    def _tokens(self, kind: CustomerKind, sets: Requirements) -> Iterator[list[str]]:
        for fields in sets:
            if self.hidden.isdisjoint(fields) and ATTRIBUTES.keys() >= set(fields):
                yield [missing(kind.value, field) for field in fields]


def mended(customer: Customer) -> dict[str, Any]:
    """The values that are not in their normal form, as they are to be set: setting a value normalises it."""
    found = set(tokens(vars(customer)))
    return {field: getattr(customer, field) for field in NORMAL if mendable(field) in found}


def _found_by(alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    """One of these, flat where it is only one: planners use indexes best that way."""
    if len(alternatives) == 1:
        return {**alternatives[0], "deleted": False}
    return {"deleted": False, "$or": alternatives or [{"_id": {"$in": []}}]}
