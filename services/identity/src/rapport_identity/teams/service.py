"""The use cases of teams."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rapport_identity import locks
from rapport_identity.teams.errors import TeamCycle, TeamInUse, TeamNotFound, TeamTooDeep
from rapport_identity.teams.model import Team
from rapport_identity.teams.repository import COLLECTION, TeamRepository
from rapport_identity.work import IdentityWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE = "Team"
ID_PREFIX = "tem"
MAX_LEVELS: Final = 12
PARENT = ("input", "parentId")


class TeamService(Records[Team]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    collection: Final = COLLECTION

    def __init__(
        self, transactions: Transactions[IdentityWork], teams: TeamRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(teams, policy, TYPE)
        self.transactions = transactions
        self._teams = teams
        self._clock = clock

    async def below(self, parents: Sequence[str], *, by: Actor) -> dict[str, list[Team]]:
        """The teams directly below each of these, by name; one query."""
        found = await self._teams.below(parents, self.scope(by))
        return {parent: [team for team in found if team.parent_id == parent] for parent in parents}

    @transactional
    async def create(
        self, work: IdentityWork, name: str, parent_id: str | None, *, idempotency_key: str | None = None, by: Actor
    ) -> Team:
        """A new team, at the top or below another."""
        self._require(by, Verb.CREATE)
        team = Team.create(new_id(ID_PREFIX), name, parent_id, now=self._clock())
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createTeam", by=by, body=[name, parent_id], result_id=team.id
        )
        if earlier is not None:
            return await work.teams.get(earlier, readable=self.scope(by), changeable=self.scope(by))
        await _require_place(work, parent_id, levels=1)
        await work.teams.save(team, by=by)
        return team

    @transactional
    async def update(
        self,
        work: IdentityWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Team:
        """Rename a team, or move it with all teams below it. Raises TeamCycle."""
        self._require(by, Verb.UPDATE)
        moves = "parent_id" in changes
        if moves:
            await work.locks.take(locks.TEAM_TREE)
        team = await self.load(work.teams, identifier, Verb.UPDATE, by=by)
        team.expect_version(expected_version)
        team.update(changes, now=self._clock())
        if moves and team.recorded:
            if identifier in await work.teams.to_the_top(team.parent_id):
                raise TeamCycle("This would put the team below itself.", path=PARENT)
            await _require_place(work, team.parent_id, levels=1 + await work.teams.levels_below(identifier))
        await work.teams.save(team, by=by)
        return team

    @transactional
    async def delete(self, work: IdentityWork, identifier: str, *, expected_version: int | None, by: Actor) -> Team:
        """Take a team away that has neither members nor teams below it. Raises TeamInUse."""
        self._require(by, Verb.DELETE)
        await work.locks.take(locks.of_team(identifier))
        team = await self.load(work.teams, identifier, Verb.DELETE, by=by)
        team.expect_version(expected_version)
        if await work.users.count({"team_id": identifier}):
            raise TeamInUse("The team has members; give them another team first.", path=("input", "id"))
        if await work.teams.count({"parent_id": identifier, "deleted": False}):
            raise TeamInUse("There are teams below this one; move or delete them first.", path=("input", "id"))
        team.delete(now=self._clock())
        await work.teams.save(team, by=by)
        return team

    def _require(self, by: Actor, verb: Verb) -> None:
        if self._policy.reach(by, verb, TYPE) is not Reach.ALL:
            raise NotAllowed(f"Your role may not {verb.lower()} teams.", path=("input",))


async def _require_place(work: IdentityWork, parent_id: str | None, *, levels: int) -> None:
    """A tree of so many levels must find a team to be below, and stay within the greatest depth."""
    if parent_id is None:
        return
    await work.locks.take(locks.of_team(parent_id))
    if not await work.teams.there_is(parent_id):
        raise TeamNotFound("No team has this id.", path=PARENT)
    if len(await work.teams.to_the_top(parent_id)) + levels > MAX_LEVELS:
        raise TeamTooDeep(f"Teams are at most {MAX_LEVELS} levels deep.", path=PARENT)


def search_condition(text: str) -> dict[str, Any]:
    """Teams in whose name the text is found."""
    return {"name": {"$regex": re.escape(text.strip()), "$options": "i"}}
