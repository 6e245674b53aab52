"""Teams: a tree without rings, from which nothing is cut that somebody stands on."""

import asyncio
from typing import Any

import pytest

from rapport_identity.teams.errors import TeamCycle, TeamInUse, TeamNotFound, TeamTooDeep
from rapport_identity.teams.model import Team
from rapport_identity.teams.service import MAX_LEVELS, TeamService
from rapport_identity.users.errors import InvalidName, MissingValue
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.contracts.identity import TeamCreated, TeamDeleted, TeamState, TeamUpdated
from rapport_shared.errors import IdempotencyKeyReused, NotAllowed, NotFound, VersionConflict
from rapport_shared.events import Event, decode
from rapport_shared.mongo import Mongo


async def update(teams: TeamService, team: Team, by: Actor, **changes: Any) -> Team:
    return await teams.update(team.id, changes, expected_version=None, by=by)


async def chain(teams: TeamService, by: Actor, length: int) -> list[Team]:
    made: list[Team] = []
    for number in range(length):
        made.append(await teams.create(f"Team {number}", made[-1].id if made else None, by=by))
    return made


async def events(mongo: Mongo, team: Team) -> list[Event]:
    rows = await mongo.database["outbox"].find({"subject": team.id}).sort("version", 1).to_list(None)
    return [decode(row["body"])[1] for row in rows]


async def test_a_team_is_made_moved_and_taken_away(teams: TeamService, mongo: Mongo, admin: Actor) -> None:
    top, other = await teams.create(" 中国 ", None, by=admin), await teams.create("欧洲", None, by=admin)
    team = await teams.create("华东", top.id, by=admin)
    assert (top.name, team.parent_id) == ("中国", top.id)
    moved = await update(teams, team, admin, parent_id=other.id, name="华东大区")
    assert await teams.find(team.id, by=admin) == moved
    await update(teams, team, admin, parent_id=None)
    await teams.delete(team.id, expected_version=3, by=admin)
    assert await teams.find(team.id, by=admin) is None
    assert await events(mongo, team) == [
        TeamCreated(team_id=team.id, after=TeamState(parent_id=top.id)),
        TeamUpdated(
            team_id=team.id,
            changed=("name", "parent_id"),
            before=TeamState(parent_id=top.id),
            after=TeamState(parent_id=other.id),
        ),
        TeamUpdated(
            team_id=team.id,
            changed=("parent_id",),
            before=TeamState(parent_id=other.id),
            after=TeamState(parent_id=None),
        ),
        TeamDeleted(team_id=team.id, before=TeamState(parent_id=None), after=TeamState(parent_id=None, deleted=True)),
    ]


async def test_no_team_is_below_itself(teams: TeamService, admin: Actor) -> None:
    made = await chain(teams, admin, 4)
    for below in made:
        with pytest.raises(TeamCycle):
            await update(teams, made[0], admin, parent_id=below.id)
    assert (await update(teams, made[2], admin, parent_id=made[0].id)).parent_id == made[0].id


async def test_two_moves_at_once_make_no_ring(teams: TeamService, admin: Actor) -> None:
    one, two = await teams.create("1", None, by=admin), await teams.create("2", None, by=admin)
    outcomes = await asyncio.gather(
        update(teams, one, admin, parent_id=two.id),
        update(teams, two, admin, parent_id=one.id),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Team", "TeamCycle"]


async def test_the_tree_has_a_greatest_depth(teams: TeamService, admin: Actor) -> None:
    made = await chain(teams, admin, MAX_LEVELS)
    with pytest.raises(TeamTooDeep):
        await teams.create("one more", made[-1].id, by=admin)
    pair = await chain(teams, admin, 2)
    with pytest.raises(TeamTooDeep):
        await update(teams, pair[0], admin, parent_id=made[-2].id)
    assert (await update(teams, pair[0], admin, parent_id=made[-3].id)).parent_id == made[-3].id


async def test_a_team_with_members_or_teams_below_stays(teams: TeamService, users: UserService, admin: Actor) -> None:
    top, below = await chain(teams, admin, 2)
    user = await users.create(
        {"email": "a@x.cn", "name": "a", "role": "SALES", "team_id": below.id}, password=None, by=admin
    )
    for team in (top, below):
        with pytest.raises(TeamInUse):
            await teams.delete(team.id, expected_version=None, by=admin)
    await users.update(user.id, {"team_id": None}, expected_version=None, by=admin)
    await teams.delete(below.id, expected_version=None, by=admin)
    assert (await teams.delete(top.id, expected_version=None, by=admin)).deleted_at is not None


async def test_nobody_joins_a_team_while_it_goes(teams: TeamService, users: UserService, admin: Actor) -> None:
    for round_number in range(4):
        team = await teams.create("x", None, by=admin)
        details = {"email": f"a{round_number}@x.cn", "name": "a", "role": "SALES", "team_id": team.id}
        joined, gone = await asyncio.gather(
            users.create(details, password=None, by=admin),
            teams.delete(team.id, expected_version=None, by=admin),
            return_exceptions=True,
        )
        assert isinstance(joined, TeamNotFound) != isinstance(gone, TeamInUse)


async def test_what_is_wrong_is_named_and_nothing_changes(teams: TeamService, mongo: Mongo, admin: Actor) -> None:
    team = await teams.create("a", None, by=admin)
    gone = await teams.create("b", None, by=admin)
    await teams.delete(gone.id, expected_version=None, by=admin)
    before = await mongo.database["outbox"].count_documents({})
    for fault, attempt in (
        (InvalidName, teams.create("  ", None, by=admin)),
        (TeamNotFound, teams.create("x", "tem_none", by=admin)),
        (TeamNotFound, teams.create("x", gone.id, by=admin)),
        (TeamNotFound, update(teams, team, admin, parent_id=gone.id)),
        (MissingValue, update(teams, team, admin, name=None)),
        (NotFound, update(teams, gone, admin, name="x")),
        (NotFound, teams.delete(gone.id, expected_version=None, by=admin)),
        (VersionConflict, teams.delete(team.id, expected_version=7, by=admin)),
    ):
        with pytest.raises(fault):
            await attempt
    assert await mongo.database["outbox"].count_documents({}) == before


@pytest.mark.parametrize("role", ["MANAGER", "SALES", "SUPPORT", "MARKETING", "INTEGRATOR"])
async def test_others_read_teams_and_change_none(teams: TeamService, admin: Actor, role: str) -> None:
    team, by = await teams.create("a", None, by=admin), Actor("usr_x", role)
    for attempt in (
        teams.create("b", None, by=by),
        update(teams, team, by, name="b"),
        teams.delete(team.id, expected_version=None, by=by),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    assert await teams.find(team.id, by=by) == team


async def test_one_idempotency_key_makes_one_team(teams: TeamService, admin: Actor) -> None:
    first = await teams.create("a", None, idempotency_key="k", by=admin)
    assert await teams.create("a", None, idempotency_key="k", by=admin) == first
    with pytest.raises(IdempotencyKeyReused):
        await teams.create("b", None, idempotency_key="k", by=admin)
