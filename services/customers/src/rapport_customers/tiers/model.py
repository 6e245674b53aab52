"""The tiers: one list for the whole company, from the highest; a customer is of the first whose rule is true of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rapport_customers.customers.values import is_key, valid_text
from rapport_customers.rules.reading import require_facts_only, rule_of
from rapport_customers.tiers.errors import InvalidTiers
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.segments import TiersState, TiersUpdated

IDENTIFIER: Final = f"trs_{26 * '0'}"
MAX_TIERS: Final = 20
PATH: Final = ("input", "tiers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """``rule`` is in its stored form."""

    key: str
    name: str
    rule: Mapping[str, Any]


@dataclass(kw_only=True)
class Tiers(Aggregate):
    """All of them, from the highest."""

    tiers: tuple[Tier, ...] = ()
    updated_at: datetime | None = None

    def replace(self, tiers: Sequence[Tier], *, now: datetime) -> None:
        """Have these instead; nothing happens where they are the same. Raises InvalidTiers, InvalidRule."""
        checked = valid_tiers(tiers)
        if checked == self.tiers:
            return
        before = self.state()
        self.tiers, self.updated_at = checked, now
        self.record(TiersUpdated(tiers_id=self.id, before=before, after=self.state()))

    def state(self) -> TiersState:
        """What others may know."""
        return TiersState(tiers=tuple(tier.key for tier in self.tiers))


def valid_tiers(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Checked, the names trimmed."""
    if len(tiers) > MAX_TIERS or len({tier.key for tier in tiers}) < len(tiers):
        raise InvalidTiers(f"There are at most {MAX_TIERS} tiers, each of its own key.", path=PATH)
    return tuple(_valid_tier(tier) for tier in tiers)


def _valid_tier(tier: Tier) -> Tier:
    key = tier.key
    if not is_key(key):
        raise InvalidTiers("A tier's key has capital letters, digits and underscores, such as GOLD.", path=PATH)
    rule_of(tier.rule)
    require_facts_only(tier.rule)
    return Tier(key=key, name=valid_text(tier.name, "tiers"), rule=tier.rule)
