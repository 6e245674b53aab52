"""The assignment rules, in one order: the first that fits a new customer and finds somebody decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from rapport_customers.assignment.errors import InvalidAssignment
from rapport_customers.customers.values import is_key, valid_text
from rapport_customers.rules.reading import facts_of, require_facts_only, rule_of
from rapport_shared.actor import Actor, Via
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.handling import CustomerHandlingUpdated

ASSIGNMENT_ID: Final = "assignment"
MAX_RULES: Final = 100
MAX_ROLES: Final = 10
SELLERS: Final = ("SALES",)
PATH: Final = ("input", "rules")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRule:
    """``rule`` is in its stored form, None where it fits every customer.

    It gives customers to the user ``user_id``; to the active members of the team ``team_id`` with one of these
    ``roles``, whose turn it is one after the other; or, with neither, to the pool.
    """

    key: str
    name: str
    rule: Mapping[str, Any] | None = None
    user_id: str | None = None
    team_id: str | None = None
    roles: tuple[str, ...] = SELLERS

    def fits(self, customer: Mapping[str, Any], now: datetime) -> bool:
        """Whether the rule is about this customer, as its document is to be stored."""
        return self.rule is None or rule_of(self.rule).holds(customer, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who looks after a new customer (None: nobody, it is in the pool), by which rule."""

    owner_id: str | None
    rule_key: str


@dataclass(kw_only=True)
class AssignmentRules(Aggregate):
    """All of them, in the order in which they are asked."""

    rules: tuple[AssignmentRule, ...] = ()
    updated_at: datetime | None = None

    def replace(self, rules: Sequence[AssignmentRule], *, now: datetime) -> None:
        """Have these instead; nothing happens where they are the same. Raises InvalidAssignment, InvalidRule."""
        checked = valid_rules(rules)
        if checked != self.rules:
            self.rules, self.updated_at = checked, now
            self.record(CustomerHandlingUpdated(handling_id=self.id, changed=("rules",)))


def acting(rule_key: str) -> Actor:
    """The rule, as the audit log names it."""
    return Actor(f"rule_assignment_{rule_key}", "SYSTEM", via=Via.RULE)


def next_in_turn(waiting: Sequence[str], last: str | None, may_own: Callable[[str], bool]) -> str | None:
    """Whose turn it is among these, who are in a fixed order, after ``last``; None where there is nobody.

    Whoever comes or goes changes nothing in the order of the others.
    """
    able = [each for each in waiting if may_own(each)]
    return next((each for each in able if last is not None and each > last), able[0] if able else None)


def valid_rules(rules: Sequence[AssignmentRule]) -> tuple[AssignmentRule, ...]:
    """Checked, the names trimmed."""
    if len(rules) > MAX_RULES or len({rule.key for rule in rules}) < len(rules):
        raise InvalidAssignment(f"There are at most {MAX_RULES} rules, each of its own key.", path=PATH)
    return tuple(_valid_rule(rule) for rule in rules)


def _valid_rule(given: AssignmentRule) -> AssignmentRule:
    key = given.key
    if not is_key(key):
        raise InvalidAssignment("A key has capital letters, digits and underscores, such as NORTH.", path=PATH)
    if given.user_id is not None and given.team_id is not None:
        raise InvalidAssignment("A rule names a user, or a team, or neither: then it is the pool.", path=PATH)
    if not 1 <= len(given.roles) <= MAX_ROLES:
        raise InvalidAssignment(f"A team's turn goes by 1 to {MAX_ROLES} roles.", path=PATH)
    if given.rule is not None:
        rule_of(given.rule)
        require_facts_only(given.rule)
        if "ownerId" in set(facts_of(given.rule)):
            raise InvalidAssignment("What decides the owner does not go by the owner.", path=PATH)
    return replace(given, name=valid_text(given.name, "rules"), roles=tuple(dict.fromkeys(given.roles)))
