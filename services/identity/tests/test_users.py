"""Changing users: who may, what follows, and that somebody always administers."""

import asyncio
from copy import copy
from typing import Any

import pytest

from rapport_identity.roles.service import RoleService
from rapport_identity.teams.service import TeamService
from rapport_identity.users.errors import EmailTaken, LastAdministrator, ManagerCycle
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.contracts.identity import RoleState
from rapport_shared.contracts.roles import role_rights
from rapport_shared.errors import ForbiddenField, NotAllowed, NotFound, UserFault, VersionConflict
from rapport_shared.mongo import Mongo
from rapport_shared.rights import Snapshot


async def make(users: UserService, by: Actor, name: str, **given: Any) -> User:
    details = {"email": f"{name}@example.com", "name": name, "role": "SALES", **given}
    return await users.create(details, password=None, by=by)


def acting(user: User) -> Actor:
    return Actor(user.id, user.role, f"ses_{user.name}", team_id=user.team_id)


async def update(users: UserService, user: User, by: Actor, **changes: Any) -> User:
    return await users.update(user.id, changes, expected_version=None, by=by)


async def test_an_administrator_changes_everything_of_a_user(
    users: UserService, teams: TeamService, mongo: Mongo, admin: Actor
) -> None:
    boss, team = await make(users, admin, "boss", role="MANAGER"), await teams.create("华东", None, by=admin)
    user = await make(users, admin, "wei")
    changes = {"email": "w@x.cn", "name": "王伟", "role": "SUPPORT", "title": "客服", "external_id": "hr:9"}
    changed = await update(users, user, admin, **changes, team_id=team.id, manager_id=boss.id)
    found = await users.find(user.id, by=admin)
    assert found == changed
    assert changed.version == 2
    assert {name: getattr(changed, name) for name in changes} == changes
    row = await mongo.database["outbox"].find_one({"subject": user.id, "version": 2})
    assert row is not None
    assert "王伟".encode() not in row["body"]


async def test_a_change_of_what_has_changed_meanwhile_is_refused(users: UserService, admin: Actor) -> None:
    user = await make(users, admin, "wei")
    await update(users, user, admin, title="a")
    with pytest.raises(VersionConflict) as refused:
        await users.update(user.id, {"title": "b"}, expected_version=1, by=admin)
    assert refused.value.current.title == "a"
    with pytest.raises(VersionConflict):
        await users.deactivate(user.id, expected_version=1, by=admin)


async def test_a_mail_address_stays_unique(users: UserService, admin: Actor) -> None:
    await make(users, admin, "wei")
    other = await make(users, admin, "lin")
    with pytest.raises(EmailTaken):
        await update(users, other, admin, email="WEI@example.com")


@pytest.mark.parametrize("role", ["MANAGER", "SALES", "SUPPORT", "MARKETING", "INTEGRATOR"])
async def test_others_change_nobody_not_even_themselves(users: UserService, admin: Actor, role: str) -> None:
    user = await make(users, admin, "wei", role=role)
    for change in (
        update(users, user, acting(user), role="ADMIN"),
        update(users, user, acting(user), name="x"),
        users.deactivate(user.id, expected_version=None, by=acting(user)),
        users.activate(user.id, expected_version=None, by=acting(user)),
    ):
        with pytest.raises(NotAllowed):
            await change
    assert await users.find(user.id, by=admin) == user


async def test_who_is_out_of_sight_is_not_found(users: UserService, admin: Actor, stranger: Actor) -> None:
    user = await make(users, admin, "wei")
    with pytest.raises(NotFound):
        await update(users, user, stranger, name="x")


async def test_nobody_reports_to_themselves_in_the_end(users: UserService, admin: Actor) -> None:
    top = await make(users, admin, "top")
    middle = await make(users, admin, "middle", manager_id=top.id)
    bottom = await make(users, admin, "bottom", manager_id=middle.id)
    for manager in (top, middle, bottom):
        with pytest.raises(ManagerCycle):
            await update(users, top, admin, manager_id=manager.id)
    await update(users, middle, admin, manager_id=None)
    assert (await update(users, top, admin, manager_id=bottom.id)).manager_id == bottom.id


async def test_the_last_active_administrator_stays_one(users: UserService, admin: Actor) -> None:
    root, second = await make(users, admin, "root", role="ADMIN"), await make(users, admin, "second", role="ADMIN")
    await users.deactivate(second.id, expected_version=None, by=admin)
    for change in (
        users.deactivate(root.id, expected_version=None, by=admin),
        update(users, root, admin, role="MANAGER"),
    ):
        with pytest.raises(LastAdministrator):
            await change
    await users.activate(second.id, expected_version=None, by=admin)
    assert (await update(users, root, admin, role="MANAGER")).role == "MANAGER"


async def test_two_administrators_who_leave_at_once_do_not_both_leave(users: UserService, admin: Actor) -> None:
    both = [await make(users, admin, name, role="ADMIN") for name in ("one", "two")]
    outcomes = await asyncio.gather(
        users.deactivate(both[0].id, expected_version=None, by=admin),
        update(users, both[1], admin, role="SALES"),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastAdministrator", "User"]
    assert await users.count({"role": "ADMIN", "active": True}, by=admin) == 1


async def test_who_administers_users_gives_no_more_than_they_have(
    users: UserService, roles: RoleService, admin: Actor
) -> None:
    everything = dict.fromkeys(("READ", "CREATE", "UPDATE", "DELETE"), "ALL")
    grants = {"User": everything, "Team": {"READ": "ALL"}, "Role": {"READ": "ALL"}, "Customer": {"READ": "ALL"}}
    await roles.create("HR", "人事", grants, {}, by=admin)
    await roles.create("READER", "Reader", {"Customer": {"READ": "ALL"}}, {}, by=admin)
    policy = {"User": everything}
    hr, clerk = await make(users, admin, "hr", role="HR"), await make(users, admin, "clerk", role="READER")
    root = await make(users, admin, "root", role="ADMIN")
    by = knowing(users, acting(hr), policy)
    assert (await make(by, acting(hr), "new", role="READER")).role == "READER"
    assert (await update(by, clerk, acting(hr), title="x")).title == "x"
    refused: list[UserFault] = []
    for attempt in (
        make(by, acting(hr), "spy", role="SALES"),
        make(by, acting(hr), "spy", role="ADMIN"),
        update(by, hr, acting(hr), role="ADMIN"),
        update(by, clerk, acting(hr), role="SUPPORT"),
        update(by, root, acting(hr), email="mine@example.com"),
        by.deactivate(root.id, expected_version=None, by=acting(hr)),
    ):
        with pytest.raises(NotAllowed) as fault:
            await attempt
        refused.append(fault.value)
    assert [fault.path for fault in refused] == [("input", "role")] * 4 + [("input", "id")] * 2


async def test_who_may_change_only_themselves_cannot_give_themselves_a_team(
    users: UserService, teams: TeamService, roles: RoleService, admin: Actor
) -> None:
    grants = {"User": {"READ": "ALL", "UPDATE": "OWN"}}
    await roles.create("SELF", "Self", grants, {}, by=admin)
    user, team = await make(users, admin, "me", role="SELF"), await teams.create("A", None, by=admin)
    by = knowing(users, acting(user), grants)
    assert (await update(by, user, acting(user), title="Agent")).title == "Agent"
    for changes in ({"team_id": team.id}, {"role": "SELF"}):
        with pytest.raises(NotAllowed):
            await update(by, user, acting(user), **changes)


async def test_a_field_that_the_role_may_not_set_is_refused(users: UserService, admin: Actor) -> None:
    user = await make(users, admin, "me", role="SUPPORT")
    by = knowing(users, acting(user), {"User": {"READ": "ALL", "UPDATE": "OWN"}}, {"User": {"email": "READ"}})
    with pytest.raises(ForbiddenField):
        await update(by, user, acting(user), email="other@example.com")
    assert (await update(by, user, acting(user), name="Other")).name == "Other"


def knowing(
    users: UserService, by: Actor, grants: dict[str, dict[str, str]], fields: dict[str, dict[str, str]] | None = None
) -> UserService:
    """The service where the directory has heard of this role."""
    state = RoleState(label="", grants=grants, fields=fields or {}, builtin=False)
    snapshot, knowing = Snapshot({by.role: role_rights(state)}), copy(users)
    knowing._policy = users._policy.knowing(lambda: snapshot)
    return knowing
