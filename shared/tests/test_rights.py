"""The pure policy: what roles, teams and field rules lead to."""

import pytest

from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.contracts.identity import RoleState
from rapport_shared.contracts.roles import DEFAULT_POLICY, DEFAULT_ROLES, field_rights, role_rights
from rapport_shared.errors import ForbiddenField
from rapport_shared.rights import FieldRights, Policy, Reach, Scope, Snapshot, Verb
from rapport_shared.teams import Teams, teams_of

# Board has Asia and Europe below it, Asia has China below it.
PARENTS = {"tem_board": None, "tem_asia": "tem_board", "tem_europe": "tem_board", "tem_china": "tem_asia"}
MEMBERS = [("usr_boss", "tem_board"), ("usr_ann", "tem_asia"), ("usr_bo", "tem_china"), ("usr_eve", "tem_europe")]


def policy(grants: dict[str, str], fields: dict[str, str] | None = None, teams: Teams | None = None) -> Policy:
    role = RoleState(label="Some", grants={"Customer": grants}, fields={"Customer": fields or {}}, builtin=False)
    snapshot = Snapshot({"SOME": role_rights(role)}, teams or Teams())
    return DEFAULT_POLICY.knowing(lambda: snapshot)


def test_what_is_not_granted_is_refused() -> None:
    stranger = Actor("usr_a", "NO_SUCH_ROLE")
    seller = Actor("usr_a", "SALES")
    for verb in Verb:
        assert DEFAULT_POLICY.reach(stranger, verb, "Customer") is Reach.NONE
        assert DEFAULT_POLICY.reach(seller, verb, "NoSuchType") is Reach.NONE
        assert DEFAULT_POLICY.reach(SYSTEM, verb, "Customer") is Reach.ALL
        assert not DEFAULT_POLICY.decide(stranger, verb, "Customer").allowed
    assert DEFAULT_POLICY.scope(stranger, Verb.READ, "Customer").filter() == {"_id": {"$in": []}}


def test_who_calls_itself_the_system_is_not_it() -> None:
    assert DEFAULT_POLICY.reach(Actor("system", "SYSTEM"), Verb.READ, "Customer") is Reach.NONE


def test_the_default_roles() -> None:
    expected = {  # role -> type -> reaches of READ, CREATE, UPDATE, DELETE
        "ADMIN": {"User": "ALL ALL ALL ALL", "Customer": "ALL ALL ALL ALL", "Task": "ALL ALL ALL ALL"},
        "MANAGER": {"User": "ALL NONE NONE NONE", "Customer": "ALL ALL ALL ALL", "Task": "ALL ALL ALL ALL"},
        "SALES": {"User": "ALL NONE NONE NONE", "Customer": "OWN OWN OWN OWN", "Task": "OWN OWN OWN OWN"},
        "SUPPORT": {"User": "ALL NONE NONE NONE", "Customer": "ALL NONE ALL NONE", "Task": "ALL ALL OWN OWN"},
        "MARKETING": {"Customer": "ALL NONE NONE NONE", "Interaction": "NONE NONE NONE NONE"},
        "INTEGRATOR": {"User": "ALL NONE NONE NONE", "Customer": "ALL ALL ALL NONE", "Task": "ALL ALL ALL NONE"},
    }
    assert set(DEFAULT_ROLES) == set(expected)
    for role, types in expected.items():
        for type_name, reaches in types.items():
            verbs = (Verb.READ, Verb.CREATE, Verb.UPDATE, Verb.DELETE)
            actual = [DEFAULT_POLICY.reach(Actor("usr_a", role), verb, type_name) for verb in verbs]
            assert " ".join(actual) == reaches, (role, type_name)


@pytest.mark.parametrize(
    ("reach", "team", "owners"),
    [
        ("OWN", "tem_asia", {"usr_me"}),
        ("TEAM", "tem_asia", {"usr_me", "usr_ann"}),
        ("SUBTREE", "tem_asia", {"usr_me", "usr_ann", "usr_bo"}),
        ("SUBTREE", "tem_board", {"usr_me", "usr_boss", "usr_ann", "usr_bo", "usr_eve"}),
        ("TEAM", None, {"usr_me"}),
        ("SUBTREE", None, {"usr_me"}),
        ("TEAM", "tem_unknown", {"usr_me"}),
    ],
)
def test_a_reach_is_a_set_of_owners(reach: str, team: str | None, owners: set[str]) -> None:
    actor = Actor("usr_me", "SOME", team_id=team)
    scope = policy({"READ": reach}, teams=teams_of(PARENTS, MEMBERS)).scope(actor, Verb.READ, "Customer")
    assert scope == Scope(Reach(reach), frozenset(owners), ("owner_id",))


def test_a_ring_of_teams_has_an_end() -> None:
    ring = teams_of({"tem_a": "tem_b", "tem_b": "tem_a"}, [("usr_a", "tem_a"), ("usr_b", "tem_b")])
    assert ring.members("tem_a", below=True) == {"usr_a", "usr_b"}
    assert ring.members("tem_a", below=False) == {"usr_a"}


def test_verbs_and_reaches_that_are_not_known_grant_nothing() -> None:
    role = RoleState(label="New", grants={"Customer": {"READ": "GALAXY", "BEAM": "ALL"}}, fields={}, builtin=False)
    assert role_rights(role).grants == {"Customer": {}}


def test_field_rules() -> None:
    rules = {"phone": "MASK", "email": "READ", "source": "WRITE", "name": "MASK", "externalId": "GLANCE"}
    # A name cannot be null, so it cannot be hidden: at least nobody sets it. What is not understood is hidden.
    assert field_rights("Customer", rules) == FieldRights(
        frozenset({"phone", "externalId"}), frozenset({"email", "name"})
    )


def test_fields_in_decisions() -> None:
    known = policy({"READ": "ALL", "UPDATE": "OWN"}, {"phone": "MASK", "email": "READ"})
    me = Actor("usr_me", "SOME")

    def code(verb: Verb, *fields: str) -> str | None:
        return known.decide(me, verb, "Customer", fields=fields).code

    assert code(Verb.READ, "name", "email") is None
    assert code(Verb.READ, "phone") == "FORBIDDEN_FIELD"
    assert code(Verb.UPDATE, "name") is None
    assert code(Verb.UPDATE, "email") == code(Verb.UPDATE, "phone") == "FORBIDDEN_FIELD"
    assert code(Verb.DELETE) == "FORBIDDEN"
    known.check_fields(me, "Customer", ["name", "external_id"])
    known.check_fields(SYSTEM, "Customer", ["phone"])
    with pytest.raises(ForbiddenField) as refused:
        known.check_fields(me, "Customer", ["name", "phone"])
    assert refused.value.path == ("input", "phone")
