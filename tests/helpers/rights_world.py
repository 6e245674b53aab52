"""A company for the table of rights: somebody of each role, colleagues near and far, and everybody's records."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rights_callers import GATEWAY, Doors, Person
from rights_table import TypeDoors, table
from staff import sign_in
from waiting import eventually

from rapport_local.testing import Account

COLLEAGUES = {"mate": "mid", "below": "low", "stranger": "far"}
VERBS = ("READ", "CREATE", "UPDATE", "DELETE")
NOT_HEARD_OF = {"OWNER_NOT_FOUND", "ASSIGNEE_NOT_FOUND", "CUSTOMER_NOT_FOUND", "NOT_FOUND"}


@dataclass(frozen=True)
class World:
    """``people`` by role; ``teams`` and ``owners`` (user ids) by name: a role's name, or a colleague's.

    ``records`` are by type and by the name of their owner; ``mark`` is a word in each that can be searched for.
    """

    admin: Person
    people: Mapping[str, Person]
    owners: Mapping[str, str]
    records: Mapping[str, Mapping[str, str]]
    mark: str

    def relation(self, role: str, owner: str) -> str:
        """Whose a record is, seen from the person of a role."""
        if owner == role:
            return "own"
        distances = {"mate": "team", "below": "below", "stranger": "stranger"}
        return "stranger" if owner in table().keys else distances.get(owner, "team")

    def expected(self, role: str, type_name: str, verb: str = "READ") -> set[str]:
        """The ids of the records for which the table allows this."""
        records = self.records[type_name].items()
        return {
            identifier
            for owner, identifier in records
            if table().allows(role, verb, type_name, self.relation(role, owner))
        }


async def make_world(doors: Doors) -> World:
    """Made through the gateway by an administrator; ready once every service knows everybody's rights."""
    account = doors.system.accounts["admin"]
    mark = f"mx{secrets.token_hex(4)}"
    admin = await _signed_in(doors, account)
    teams = await _teams(admin, mark)
    custom = {name: f"{mark.upper()}_{name}" for name in table().custom_roles}
    for name, given in table().custom_roles.items():
        await make_role(admin, custom[name], given["reach"])
    wanted = {role: ("mid", custom.get(role, role)) for role in table().roles if role not in table().keys}
    wanted |= {name: (team, "SALES") for name, team in COLLEAGUES.items()}
    made = [newcomer(admin, name, teams[team], role, mark) for name, (team, role) in wanted.items()]
    staff = dict(zip(wanted, await asyncio.gather(*made), strict=True))
    staff |= {key: await program(admin, key, role, mark) for key, role in table().keys.items()}
    owners = {name: person.id for name, person in staff.items()}
    records = await _records(admin, owners, mark)
    records |= await _plain_records(admin, mark, teams["mid"], owners["mate"])
    world = World(admin, {role: staff[role] for role in table().roles}, owners, records, mark)
    await asyncio.gather(*(_ready(world, of_type) for of_type in table().owned))
    return world


async def _signed_in(doors: Doors, account: Account) -> Person:
    async def renew() -> str:
        return (await sign_in(doors.system.gateway, account)).access_token

    staff = await sign_in(doors.system.gateway, account)
    return Person(staff.id, account.role, staff.access_token, doors, renew)


async def program(admin: Person, name: str, role: str, mark: str) -> Person:
    """Whoever has an API key of that role, which acts for an administrator who has made nothing else."""
    owner = await newcomer(admin, name, None, "ADMIN", mark)
    [made] = await owner.mutate(GATEWAY, "key", [("createApiKey", {"name": name, "role": role})])
    assert made["userErrors"] == []

    async def renew() -> str:
        [access] = await owner.mutate(GATEWAY, "accessToken", [("exchangeApiKey", {"key": made["key"]})])
        return str(access["accessToken"])

    return Person(owner.id, name, await renew(), admin.doors, renew)


async def _teams(admin: Person, mark: str) -> dict[str, str]:
    """``low`` is below ``mid``, ``far`` beside it."""
    teams: dict[str, str] = {}
    for name, parent in (("mid", None), ("low", "mid"), ("far", None)):
        given = {"name": f"{mark} {name}", "parentId": teams.get(parent or "")}
        [payload] = await admin.mutate(GATEWAY, "team { id }", [("createTeam", given)])
        teams[name] = payload["team"]["id"]
    return teams


async def make_role(admin: Person, name: str, reach: str, rights: Sequence[dict[str, str]] = ()) -> None:
    """A role with one reach for all types whose records are somebody's, and these field rights."""
    grants = [{"type": doors.name, "verb": verb, "reach": reach} for doors in table().owned for verb in VERBS]
    given = {"name": name, "label": name, "grants": grants, "fieldRights": list(rights)}
    [payload] = await admin.mutate(GATEWAY, "role { name }", [("createRole", given)])
    assert payload["userErrors"] == []


async def newcomer(admin: Person, name: str, team: str | None, role: str, mark: str) -> Person:
    """A new user, signed in."""
    email, password = f"{name.lower()}.{mark}@rapport.example", secrets.token_urlsafe(12)
    given = {"email": email, "password": password, "name": f"{mark} {name}", "role": role, "teamId": team}
    [payload] = await admin.mutate(GATEWAY, "user { id }", [("createUser", given)])
    assert payload["userErrors"] == []
    return await _signed_in(admin.doors, Account(email, password, role))


async def _records(admin: Person, owners: Mapping[str, str], mark: str) -> dict[str, dict[str, str]]:
    """One record of each type whose records are somebody's, for each owner."""
    records: dict[str, dict[str, str]] = {}
    for of_type in table().owned:
        (field, given), hangs_on = of_type.mutations["CREATE"], str(of_type.hangs_on)
        parents = records["Customer"] if hangs_on == "customerId" else owners
        marked = {name: f"{mark} {value}" for name, value in given.items() if value == "New"}
        calls = [
            (field, {**given, **marked, **_numbered(of_type, mark, name), hangs_on: parents[name]}) for name in owners
        ]
        if of_type.name == "Task":  # whoever is to do it looks after the customer as well
            calls = [
                (field, {**call, "customerId": records["Customer"][name]})
                for name, (_, call) in zip(owners, calls, strict=True)
            ]
        records[of_type.name] = dict(zip(owners, await _made(admin, of_type, calls), strict=True))
    return records


async def _plain_records(admin: Person, mark: str, team: str, user: str) -> dict[str, dict[str, str]]:
    """One record of each other type: nobody's."""
    stages = [
        {"key": kind, "name": kind, "kind": kind, "probability": probability}
        for kind, probability in (("OPEN", 50), ("WON", 100), ("LOST", 0))
    ]
    product = {"code": mark, "name": mark}
    pipeline = {"name": mark, "stages": stages}
    types = table().types
    [product_id] = await _made(admin, types["Product"], [("createProduct", product)])
    [pipeline_id] = await _made(admin, types["Pipeline"], [("createPipeline", pipeline)])
    found = {"Product": product_id, "Pipeline": pipeline_id, "User": user, "Team": team}
    [found["TagGroup"]] = await _made(admin, types["TagGroup"], [("createTagGroup", {"name": mark})])
    [found["Tag"]] = await _made(admin, types["Tag"], [("createTag", {"name": mark, "groupId": found["TagGroup"]})])
    segment = {"name": mark, "rule": {"orderCount": {"gte": 1}}}
    [found["Segment"]] = await _made(admin, types["Segment"], [("createSegment", segment)])
    return {type_name: {"stranger": identifier} for type_name, identifier in found.items()}


def _numbered(of_type: TypeDoors, mark: str, owner: str) -> dict[str, Any]:
    return {"number": f"{mark}-{owner}"} if of_type.name == "Order" else {}


async def _made(admin: Person, of_type: TypeDoors, calls: list[tuple[str, dict[str, Any]]]) -> list[str]:
    noun = of_type.name[0].lower() + of_type.name[1:]
    made: dict[int, str] = {}

    async def all_made() -> bool:
        """A service that has not heard of everybody yet says so; a relay that takes over waits for 15 s."""
        left = [number for number in range(len(calls)) if number not in made]
        payloads = await admin.mutate(of_type.service, f"{noun} {{ id }}", [calls[number] for number in left])
        for number, payload in zip(left, payloads, strict=True):
            if payload["userErrors"] == []:
                made[number] = payload[noun]["id"]
            else:
                assert {error["code"] for error in payload["userErrors"]} <= NOT_HEARD_OF, payload
        return len(made) == len(calls)

    await eventually(all_made)
    return [made[number] for number in range(len(calls))]


async def _ready(world: World, of_type: TypeDoors) -> None:
    """The bus has told the service of everybody and of what it copies of others."""
    everything = list(world.records[of_type.name].values())

    async def as_the_table_says() -> bool:
        for role, person in world.people.items():
            query = (
                f"query($of: [ID!]!) {{ {of_type.list}(first: 100, filter: {{id: {{in: $of}}}}) {{ nodes {{ id }} }} }}"
            )
            found = (await person.data(of_type.service, query, {"of": everything}))[of_type.list]["nodes"]
            if {node["id"] for node in found} != world.expected(role, of_type.name):
                return False
        return True

    await eventually(as_the_table_says)
