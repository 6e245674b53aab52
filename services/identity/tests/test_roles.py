"""Roles as data: checked against what there is, edited without anybody locking all out, kept over releases."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from rapport_identity.roles import service as role_services
from rapport_identity.roles.errors import (
    AdministratorsMustAdminister,
    InvalidFieldRight,
    InvalidGrant,
    InvalidLabel,
    InvalidRoleName,
    RoleInUse,
    RoleIsBuiltIn,
    RoleNameTaken,
    RoleNotFound,
)
from rapport_identity.roles.model import Role
from rapport_identity.roles.service import RoleService
from rapport_identity.roles.values import covers, valid_fields, valid_grants
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.contracts.identity import RoleState
from rapport_shared.contracts.roles import DEFAULT_ROLES, role_rights
from rapport_shared.errors import NotAllowed, VersionConflict
from rapport_shared.events import decode
from rapport_shared.mongo import Mongo
from rapport_shared.rights import FieldRight, Reach, RoleRights, Verb

GRANTS = {"Customer": {"READ": "ALL", "UPDATE": "TEAM"}}
FIELDS = {"Customer": {"phone": "MASK"}}


async def update(roles: RoleService, name: str, by: Actor, **changes: Any) -> Role:
    return await roles.update(name, changes, expected_version=None, by=by)


async def test_migrating_makes_the_default_roles_once(roles: RoleService, mongo: Mongo, admin: Actor) -> None:
    await roles.seed()
    found = {role.id: role for role in await roles.all(by=admin)}
    assert set(found) == set(DEFAULT_ROLES)
    assert all(role.state() == DEFAULT_ROLES[name] for name, role in found.items())
    assert await mongo.database["outbox"].count_documents({}) == 0


async def test_a_role_is_made_edited_and_taken_away(roles: RoleService, mongo: Mongo, admin: Actor) -> None:
    made = await roles.create("KEY_ACCOUNTS", " Key accounts · 大客户 ", GRANTS, FIELDS, by=admin)
    assert (made.label, made.version, made.builtin) == ("Key accounts · 大客户", 1, False)
    await update(roles, "KEY_ACCOUNTS", admin, grants={}, label="KA")
    assert (await roles.find_many(["KEY_ACCOUNTS"], by=admin))["KEY_ACCOUNTS"].grants == {}
    with pytest.raises(RoleNameTaken):
        await roles.create("KEY_ACCOUNTS", "x", {}, {}, by=admin)
    await roles.delete("KEY_ACCOUNTS", expected_version=2, by=admin)
    assert await roles.find_many(["KEY_ACCOUNTS"], by=admin) == {}
    again = await roles.create("KEY_ACCOUNTS", "Again", GRANTS, {}, by=admin)
    assert (again.version, again.deleted_at) == (4, None)
    rows = await mongo.database["outbox"].find({"subject": "KEY_ACCOUNTS"}).sort("version", 1).to_list(None)
    assert [row["routing_key"].split(".")[2] for row in rows] == ["created", "updated", "deleted", "created"]
    assert [row["version"] for row in rows] == [1, 2, 3, 4]
    assert decode(rows[0]["body"])[1].__dict__["after"] == RoleState(
        label=made.label, grants=GRANTS, fields=FIELDS, builtin=False
    )


@pytest.mark.parametrize("name", ["", "A", "sales", "Key Accounts", "SYSTEM", "1ST", "A" * 41, "SALES\n", "ROLLE_Ä"])
async def test_what_is_no_name_of_a_role_is_refused(roles: RoleService, admin: Actor, name: str) -> None:
    with pytest.raises(InvalidRoleName):
        await roles.create(name, "x", {}, {}, by=admin)


async def test_a_label_is_short_and_printable(roles: RoleService, admin: Actor) -> None:
    for label in ("", "  ", "a\tb", "x" * 101):
        with pytest.raises(InvalidLabel):
            await roles.create("SOME", label, {}, {}, by=admin)


def test_grants_are_for_what_there_is_and_said_once() -> None:
    given = [("Task", Verb.READ, Reach.ALL), ("Customer", Verb.READ, Reach.TEAM), ("Customer", Verb.DELETE, Reach.NONE)]
    assert valid_grants(given) == {"Customer": {"READ": "TEAM"}, "Task": {"READ": "ALL"}}
    for wrong in (
        [("Customers", Verb.READ, Reach.ALL)],
        [("", Verb.READ, Reach.ALL)],
        [("Task", Verb.READ, Reach.ALL), ("Task", Verb.READ, Reach.NONE)],
    ):
        with pytest.raises(InvalidGrant):
            valid_grants(wrong)


def test_field_rights_are_for_fields_that_a_role_can_be_kept_from() -> None:
    given = [
        ("Customer", "phone", FieldRight.MASK),
        ("Customer", "name", FieldRight.READ),
        ("Task", "title", FieldRight.WRITE),
    ]
    assert valid_fields(given) == {"Customer": {"name": "READ", "phone": "MASK"}}
    for wrong in (
        [("Customer", "name", FieldRight.MASK)],  # is never null
        [("Customer", "id", FieldRight.READ)],
        [("Customer", "nothing", FieldRight.MASK)],
        [("Nothing", "phone", FieldRight.MASK)],
        [("Customer", "phone", FieldRight.MASK), ("Customer", "phone", FieldRight.READ)],
    ):
        with pytest.raises(InvalidFieldRight):
            valid_fields(wrong)


async def test_a_role_in_use_stays_and_a_built_in_one_always(
    roles: RoleService, users: UserService, admin: Actor
) -> None:
    await roles.create("TEMP", "Temp", GRANTS, {}, by=admin)
    details = {"email": "a@x.cn", "name": "a", "role": "TEMP"}
    user = await users.create(details, password=None, by=admin)
    with pytest.raises(RoleInUse):
        await roles.delete("TEMP", expected_version=None, by=admin)
    with pytest.raises(RoleIsBuiltIn):
        await roles.delete("MARKETING", expected_version=None, by=admin)
    await users.update(user.id, {"role": "SALES"}, expected_version=None, by=admin)
    with pytest.raises(VersionConflict):
        await roles.delete("TEMP", expected_version=9, by=admin)
    await roles.delete("TEMP", expected_version=None, by=admin)
    for attempt in (
        roles.delete("TEMP", expected_version=None, by=admin),
        update(roles, "TEMP", admin, label="x"),
        users.update(user.id, {"role": "TEMP"}, expected_version=None, by=admin),
    ):
        with pytest.raises(RoleNotFound):
            await attempt


async def test_nobody_gets_a_role_while_it_goes(roles: RoleService, users: UserService, admin: Actor) -> None:
    for number in range(4):
        name = f"TEMP_{number}"
        await roles.create(name, "Temp", {}, {}, by=admin)
        details = {"email": f"a{number}@x.cn", "name": "a", "role": name}
        given, gone = await asyncio.gather(
            users.create(details, password=None, by=admin),
            roles.delete(name, expected_version=None, by=admin),
            return_exceptions=True,
        )
        assert isinstance(given, RoleNotFound) != isinstance(gone, RoleInUse)


async def test_administrators_cannot_lose_what_mends_roles(roles: RoleService, admin: Actor) -> None:
    own = DEFAULT_ROLES["ADMIN"].grants
    without_roles = {name: verbs for name, verbs in own.items() if name != "Role"}
    refused: list[dict[str, Any]] = [
        {"grants": {}},
        {"grants": without_roles},
        {"grants": {**own, "User": {**own["User"], "UPDATE": "TEAM"}}},
        {"fields": {"User": {"role": "READ"}}},
    ]
    for changes in refused:
        with pytest.raises(AdministratorsMustAdminister):
            await update(roles, "ADMIN", admin, **changes)
    without_customers = {name: verbs for name, verbs in own.items() if name != "Customer"}
    assert "Customer" not in (await update(roles, "ADMIN", admin, grants=without_customers)).grants
    assert "Customer" in (await update(roles, "ADMIN", admin, grants=own)).grants


@pytest.mark.parametrize("role", ["MANAGER", "SALES", "SUPPORT", "MARKETING", "INTEGRATOR", "NO_SUCH"])
async def test_others_change_no_role(roles: RoleService, admin: Actor, role: str) -> None:
    by = Actor("usr_x", role)
    for attempt in (
        roles.create("MINE", "x", {}, {}, by=by),
        update(roles, role, by, grants=DEFAULT_ROLES["ADMIN"].grants),
        roles.delete("SALES", expected_version=None, by=by),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    assert len(await roles.all(by=by)) == (0 if role == "NO_SUCH" else len(DEFAULT_ROLES))


async def test_a_release_brings_new_rights_and_keeps_what_administrators_edited(
    roles: RoleService, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = {**DEFAULT_ROLES["SALES"].grants, "Customer": {"READ": "ALL"}}
    await update(roles, "SALES", admin, grants=edited, label="Verkauf")
    offered = dict(DEFAULT_ROLES["SALES"].grants)
    offered["Customer"] = {"READ": "TEAM"}
    offered["Task"] = {"READ": "TEAM"}
    offered["Parcel"] = {"READ": "OWN"}
    release: Mapping[str, RoleState] = {
        **DEFAULT_ROLES,
        "SALES": RoleState(label="Sales", grants=offered, fields={"Task": {"result": "READ"}}, builtin=True),
    }
    monkeypatch.setattr(role_services, "DEFAULT_ROLES", release)
    for _ in range(2):
        await roles.seed()
        role = (await roles.find_many(["SALES"], by=admin))["SALES"]
        assert (role.label, role.version, role.fields) == ("Verkauf", 3, {"Task": {"result": "READ"}})
        assert role.grants == {**edited, "Task": {"READ": "TEAM"}, "Parcel": {"READ": "OWN"}}


def rights(fields: dict[str, str] | None = None, **grants: str) -> RoleRights:
    state = RoleState(label="", grants={"Customer": grants}, fields={"Customer": fields or {}}, builtin=False)
    return role_rights(state)


def test_more_is_a_farther_reach_or_a_field_less_guarded() -> None:
    assert covers(rights(READ="ALL"), rights(READ="TEAM"))
    assert not covers(rights(READ="TEAM"), rights(READ="SUBTREE"))
    assert not covers(rights(READ="ALL"), rights(READ="OWN", DELETE="OWN"))
    assert not covers(rights({"phone": "MASK"}, READ="ALL"), rights(READ="OWN"))
    assert not covers(rights({"phone": "MASK"}, READ="ALL"), rights({"phone": "READ"}, READ="OWN"))
    assert covers(rights({"phone": "READ"}, READ="ALL"), rights({"phone": "MASK"}, READ="OWN"))
    assert covers(rights({"phone": "READ"}), rights())
    for name, role in DEFAULT_ROLES.items():
        assert covers(role_rights(DEFAULT_ROLES["ADMIN"]), role_rights(role)), name
