"""Users, teams and roles as clients meet them."""

from typing import Any

import pytest
from database_calls import commands as commands_so_far
from subgraph_client import SubgraphClient

from rapport_identity.roles.service import RoleService
from rapport_identity.teams.service import TeamService
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor

USER = "user { id name role title active version roleDetails { name label } team { name parent { name } } }"
TEAM = "team { id name version parent { name } children { name } members { totalCount nodes { name } } }"
ROLE = "role { name label builtIn version grants { type verb reach } fieldRights { type field right } }"


async def test_an_administrator_works_with_users_teams_and_roles(
    client: SubgraphClient, roles: RoleService, admin: Actor
) -> None:
    async def do(field: str, selection: str, **given: Any) -> Any:
        payload = await client.mutate(field, selection, given, by=admin)
        assert payload.pop("userErrors") == []
        return payload.popitem()[1]

    top = await do("createTeam", TEAM, name="中国", idempotencyKey="k")
    assert top == await do("createTeam", TEAM, name="中国", idempotencyKey="k")
    team = await do("createTeam", TEAM, name="华东", parentId=top["id"])
    grants = [{"type": "Customer", "verb": "READ", "reach": "SUBTREE"}]
    rules = [{"type": "Customer", "field": "phone", "right": "MASK"}]
    role = await do("createRole", ROLE, name="LEAD", label="Lead · 组长", grants=grants, fieldRights=rules)
    assert role == {
        "name": "LEAD",
        "label": "Lead · 组长",
        "builtIn": False,
        "version": 1,
        "grants": grants,
        "fieldRights": rules,
    }
    user = await do("createUser", USER, email="a@x.cn", name="李伟", role="LEAD", teamId=team["id"])
    assert user["roleDetails"] == {"name": "LEAD", "label": "Lead · 组长"}
    assert user["team"] == {"name": "华东", "parent": {"name": "中国"}}
    changed = await do("updateUser", USER, id=user["id"], expectedVersion=1, title="组长", teamId=None, reason="moved")
    assert (changed["title"], changed["team"], changed["version"]) == ("组长", None, 2)
    assert not (await do("deactivateUser", USER, id=user["id"]))["active"]
    assert (await do("activateUser", USER, id=user["id"]))["active"]
    assert (await do("updateRole", ROLE, name="LEAD", grants=[]))["grants"] == []
    assert (await do("updateTeam", TEAM, id=team["id"], parentId=None))["parent"] is None
    assert (await do("deleteTeam", TEAM, id=team["id"]))["id"] == team["id"]
    await do("updateUser", USER, id=user["id"], role="SALES")
    assert (await do("deleteRole", ROLE, name="LEAD"))["version"] == 3


@pytest.mark.parametrize(
    ("field", "selection", "given", "code"),
    [
        ("updateUser", USER, {"id": "usr_none", "name": "x"}, "NOT_FOUND"),
        ("deactivateUser", USER, {"id": "usr_none"}, "NOT_FOUND"),
        ("createTeam", TEAM, {"name": "x", "parentId": "tem_none"}, "TEAM_NOT_FOUND"),
        ("deleteTeam", TEAM, {"id": "tem_none"}, "NOT_FOUND"),
        ("createRole", ROLE, {"name": "x", "label": "x", "grants": []}, "INVALID_ROLE_NAME"),
        (
            "createRole",
            ROLE,
            {"name": "XX", "label": "x", "grants": [{"type": "Nothing", "verb": "READ", "reach": "ALL"}]},
            "INVALID_GRANT",
        ),
        ("updateRole", ROLE, {"name": "NONE", "label": "x"}, "ROLE_NOT_FOUND"),
        ("deleteRole", ROLE, {"name": "ADMIN"}, "ROLE_IS_BUILT_IN"),
        ("updateRole", ROLE, {"name": "ADMIN", "grants": []}, "ADMINISTRATORS_MUST_ADMINISTER"),
    ],
)
async def test_what_is_wrong_is_a_user_error(
    client: SubgraphClient, admin: Actor, field: str, selection: str, given: dict[str, Any], code: str
) -> None:
    payload = await client.mutate(field, selection, given, by=admin)
    assert [error["code"] for error in payload["userErrors"]] == [code]
    assert payload[selection.partition(" ")[0]] is None


async def test_a_stale_change_is_answered_with_the_record_as_it_stands(
    client: SubgraphClient, users: UserService, admin: Actor
) -> None:
    user = await users.create({"email": "a@x.cn", "name": "a", "role": "SALES"}, password=None, by=admin)
    payload = await client.mutate("updateUser", USER, {"id": user.id, "expectedVersion": 7, "name": "b"}, by=admin)
    assert payload["userErrors"] == [{"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"]}]
    assert (payload["user"]["name"], payload["user"]["version"]) == ("a", 1)


async def test_the_tree_of_teams_costs_the_same_for_any_number(
    client: SubgraphClient, users: UserService, teams: TeamService, admin: Actor, seller: Actor
) -> None:
    document = """query($n: Int) { teams(first: $n, filter: { parentId: { isNull: true } }) { totalCount nodes { name
        children { name members(first: 2) { totalCount nodes { name team { name } roleDetails { label } } } } } } }"""
    for number in range(6):
        top = await teams.create(f"top {number}", None, by=admin)
        below = await teams.create(f"below {number}", top.id, by=admin)
        for member in range(2):
            details = {"email": f"a{number}{member}@x.cn", "name": f"n{number}{member}", "role": "SALES"}
            await users.create({**details, "team_id": below.id}, password=None, by=admin)

    async def commands(first: int) -> tuple[int, Any]:
        before = commands_so_far()
        data = (await client.query(document, {"n": first}, by=seller)).data["teams"]
        return commands_so_far() - before, data

    await commands(1)  # loads the directory
    few, _ = await commands(1)
    many, found = await commands(6)
    assert many == few
    assert found["totalCount"] == 6
    [below] = found["nodes"][3]["children"]
    assert (below["name"], below["members"]["totalCount"]) == ("below 3", 2)
    assert below["members"]["nodes"][0]["team"]["name"] == "below 3"
    assert below["members"]["nodes"][0]["roleDetails"]["label"] == "Sales · 销售"


async def test_entities_of_teams_and_roles_are_joined(
    client: SubgraphClient, teams: TeamService, roles: RoleService, admin: Actor, seller: Actor, stranger: Actor
) -> None:
    team = await teams.create("华东", None, by=admin)
    document = """query($r: [_Any!]!) { _entities(representations: $r) {
        ... on Team { name } ... on Role { label } } }"""
    representations = [{"__typename": "Team", "id": team.id}, {"__typename": "Role", "name": "SALES"}]
    found = await client.query(document, {"r": representations}, by=seller)
    assert found.data["_entities"] == [{"name": "华东"}, {"label": "Sales · 销售"}]
    assert (await client.query(document, {"r": representations}, by=stranger)).data["_entities"] == [None, None]


async def test_a_sign_in_tells_of_role_and_team_although_the_request_has_no_token(
    client: SubgraphClient, users: UserService, teams: TeamService, admin: Actor
) -> None:
    team = await teams.create("华东", None, by=admin)
    details = {"email": "a@x.cn", "name": "a", "role": "SALES", "team_id": team.id}
    await users.create(details, password="correct horse", by=admin)
    document = """mutation($input: SignInInput!) { signIn(input: $input) {
        user { roleDetails { label grants { type } } team { name } } } }"""
    session = await client.query(document, {"input": {"email": "a@x.cn", "password": "correct horse"}})
    user = session.data["signIn"]["user"]
    assert user["team"] == {"name": "华东"}
    assert user["roleDetails"]["label"] == "Sales · 销售"
