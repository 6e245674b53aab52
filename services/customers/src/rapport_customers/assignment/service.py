"""The use cases of assignment rules."""

from collections.abc import Sequence
from typing import Final

from rapport_customers.assignment.errors import AssigneeNotFound
from rapport_customers.assignment.model import PATH, AssignmentRule, AssignmentRules
from rapport_customers.assignment.repository import AssignmentRepository
from rapport_customers.tags.service import require_facts
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import Forbidden, NotAllowed
from rapport_shared.mongo import Projection, eventually
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "CustomerHandling"


class AssignmentService:
    """Whoever may say how customers are handled says who gets the new ones."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        rules: AssignmentRepository,
        users: Projection,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._rules = rules
        self._users = users
        self._policy = policy
        self._clock = clock

    async def current(self, *, by: Actor) -> AssignmentRules:
        """The rules as they are now. Raises Forbidden."""
        if self._policy.reach(by, Verb.READ, TYPE) is not Reach.ALL:
            raise Forbidden("Your role may not see the assignment rules.")
        return await self._rules.current()

    async def replace(
        self, rules: Sequence[AssignmentRule], *, expected_version: int | None, by: Actor
    ) -> AssignmentRules:
        """Have these rules instead. Raises InvalidAssignment, InvalidRule, AssigneeNotFound, ForbiddenField."""
        if self._policy.reach(by, Verb.UPDATE, TYPE) is not Reach.ALL:
            raise NotAllowed("Your role may not change the assignment rules.", path=("input",))
        for rule in rules:
            require_facts(self._policy, rule.rule, by=by)
        for assignee in dict.fromkeys(rule.user_id or rule.team_id for rule in rules):
            await self._require(assignee)
        return await self._replace(rules, expected_version, by=by)

    @transactional
    async def _replace(
        self, work: CustomersWork, rules: Sequence[AssignmentRule], expected: int | None, *, by: Actor
    ) -> AssignmentRules:
        current = await work.assignment.current()
        current.expect_version(expected)
        current.replace(rules, now=self._clock())
        await work.assignment.save(current, by=by)
        return current

    async def _require(self, assignee: str | None) -> None:
        """An active user or a team, unless it is the pool."""
        if assignee is None:
            return
        known = await eventually(lambda: self._users.find(assignee))
        if known is None or not (known.get("active") or known.get("deleted") is False):
            raise AssigneeNotFound("No active user, and no team, has this id.", path=PATH)
