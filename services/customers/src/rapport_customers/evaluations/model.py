"""What the rules say of a customer; no I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rapport_customers.rules.model import Rule, next_flip


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule, the id or key of what it decides on, and its version."""

    target: str
    version: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Outcome:
    """Tags with the versions of their rules, the tier, segments with the versions, and when to look again."""

    tags: Mapping[str, int]
    tier: str | None
    segments: Mapping[str, int]
    look_again_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All rules as of one generation; tiers from the highest. ``merged`` are tags that stand for others."""

    generation: int = 0
    tags: tuple[RuleInForce, ...] = ()
    tiers: tuple[RuleInForce, ...] = ()
    segments: tuple[RuleInForce, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, customer: Mapping[str, Any], now: datetime) -> Outcome:
        """What the rules say of a stored customer.

        Tags and tiers go by its facts; segments go by both as well. A customer that was put away is in no segment and
        stays what it was; an erased one is nothing.
        """
        if customer.get("erased_at") is not None:
            return Outcome({}, None, {}, None)
        if customer["deleted"]:
            kept = {each["tag_id"]: each["rule_version"] for each in customer.get("rule_tags", ())}
            return Outcome(kept, customer.get("tier"), {}, None)
        tags = {each.target: each.version for each in self.tags if each.rule.holds(customer, now)}
        tier = next((each.target for each in self.tiers if each.rule.holds(customer, now)), None)
        by_hand = [self.merged.get(tag_id, tag_id) for tag_id in customer["tags"]]
        sorted_out = {**customer, "tag_ids": [*by_hand, *tags], "tier": tier}
        segments = {each.target: each.version for each in self.segments if each.rule.holds(sorted_out, now)}
        return Outcome(tags, tier, segments, min(self._flips(sorted_out, now), default=None))

    def changes(self, customer: Mapping[str, Any], outcome: Outcome) -> bool:
        """Whether the outcome is another than what the customer's record says."""
        ruled = {each["tag_id"]: each["rule_version"] for each in customer.get("rule_tags", ())}
        standing = not self.merged.keys().isdisjoint(customer["tags"])
        same = ruled == outcome.tags and customer.get("tier") == outcome.tier
        return not same or standing or set(customer.get("segments", ())) != set(outcome.segments)

    def _flips(self, customer: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
        rules: Iterable[RuleInForce] = (*self.tags, *self.tiers, *self.segments)
        for each in rules:
            flip = next_flip(each.rule, customer, now)
            if flip is not None:
                yield flip
