"""Choosing the owner of a new customer, in the transaction that makes it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from rapport_customers.assignment.model import Assignment, AssignmentRule, next_in_turn
from rapport_customers.rules.errors import InvalidRule

if TYPE_CHECKING:
    from rapport_customers.assignment.repository import AssignmentRepository
    from rapport_shared.access import AccessRecords

log = structlog.get_logger(__name__)
MayOwn = Callable[[str | None], bool]


class OwnerChoice:
    """What it reads it reads once a transaction: a batch of many customers costs as much as one."""

    def __init__(self, rules: "AssignmentRepository", users: "AccessRecords") -> None:
        self._stored = rules
        self._users = users
        self._rules: tuple[AssignmentRule, ...] | None = None
        self._active: dict[str, bool] = {}
        self._waiting: dict[str, list[str]] = {}
        self._last: dict[str, str | None] = {}

    async def choose(
        self, customer: Callable[[], Mapping[str, Any]], may_own: MayOwn, *, now: datetime, rehearsal: bool = False
    ) -> Assignment | None:
        """The first rule that fits the customer and finds somebody who may own it; None where none does.

        ``customer`` makes the document that is to be stored; ``may_own`` says whose customers the caller may make. In a
        rehearsal nobody loses their turn.
        """
        if self._rules is None:
            self._rules = (await self._stored.current()).rules
        document = customer() if self._rules else {}
        for rule in self._rules:
            if not _fits(rule, document, now):
                continue
            if rule.user_id is None and rule.team_id is None:
                if may_own(None):
                    return Assignment(owner_id=None, rule_key=rule.key)
                continue
            owner_id = await self._of_team(rule, may_own, rehearsal) if rule.team_id else await self._user(rule)
            if owner_id is not None and may_own(owner_id):
                return Assignment(owner_id=owner_id, rule_key=rule.key)
        return None

    async def _user(self, rule: AssignmentRule) -> str | None:
        user_id = rule.user_id or ""
        if user_id not in self._active:
            user = await self._users.find(user_id)
            self._active[user_id] = user is not None and bool(user["active"])
        return user_id if self._active[user_id] else None

    async def _of_team(self, rule: AssignmentRule, may_own: MayOwn, rehearsal: bool) -> str | None:
        if rule.key not in self._waiting:
            self._waiting[rule.key] = await self._users.members([rule.team_id or ""], roles=rule.roles)
        waiting = self._waiting[rule.key]
        if not any(map(may_own, waiting)):
            return None
        if rule.key not in self._last:
            self._last[rule.key] = await self._stored.last(rule.key)
        chosen = next_in_turn(waiting, self._last[rule.key], may_own)
        if chosen is not None:
            self._last[rule.key] = chosen
            if not rehearsal:
                await self._stored.came(rule.key, chosen)
        return chosen


def _fits(rule: AssignmentRule, customer: Mapping[str, Any], now: datetime) -> bool:
    """Another release may have stored more than this one can read: then the next rule is asked."""
    try:
        return rule.fits(customer, now)
    except InvalidRule:
        log.error("assignment rule not readable", target=rule.key)
        return False
