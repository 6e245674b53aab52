"""The reach of a right is the same as a database filter and as a predicate."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.contracts.roles import DEFAULT_GRANTS, DEFAULT_POLICY
from rapport_shared.rights import Reach, Scope, Verb

USERS = st.sampled_from(["usr_a", "usr_b", "usr_c"])


@dataclass(frozen=True)
class Record:
    owner_id: str | None
    assignee_id: str | None


def matches(condition: dict[str, Any], record: Record) -> bool:
    """MongoDB's meaning of the few operators that a scope's filter uses."""
    if "$or" in condition:
        return any(matches(part, record) for part in condition["$or"])
    return all(value != {"$in": []} and getattr(record, field) == value for field, value in condition.items())


@given(
    st.sampled_from(Reach),
    USERS,
    st.sets(st.sampled_from(["owner_id", "assignee_id"]), min_size=1),
    st.builds(Record, st.none() | USERS, st.none() | USERS),
)
def test_filter_and_predicate_agree(reach: Reach, actor: str, fields: set[str], record: Record) -> None:
    scope = Scope(reach, actor, tuple(sorted(fields)))
    assert matches(scope.filter(), record) == scope.admits(record)


def test_what_is_not_granted_is_refused() -> None:
    stranger = Actor("usr_a", "NO_SUCH_ROLE")
    seller = Actor("usr_a", "SALES")
    for verb in Verb:
        assert DEFAULT_POLICY.reach(stranger, verb, "Customer") is Reach.NONE
        assert DEFAULT_POLICY.reach(seller, verb, "NoSuchType") is Reach.NONE
        assert DEFAULT_POLICY.reach(SYSTEM, verb, "Customer") is Reach.ALL


def test_the_default_roles() -> None:
    expected = {  # role -> type -> reaches of READ, CREATE, UPDATE, DELETE
        "ADMIN": {"User": "ALL ALL ALL ALL", "Customer": "ALL ALL ALL ALL", "Task": "ALL ALL ALL ALL"},
        "MANAGER": {"User": "ALL NONE NONE NONE", "Customer": "ALL ALL ALL ALL", "Task": "ALL ALL ALL ALL"},
        "SALES": {"User": "ALL NONE NONE NONE", "Customer": "OWN OWN OWN OWN", "Task": "OWN OWN OWN OWN"},
        "SUPPORT": {"User": "ALL NONE NONE NONE", "Customer": "ALL NONE ALL NONE", "Task": "ALL ALL OWN OWN"},
    }
    assert set(DEFAULT_GRANTS) == set(expected)
    for role, types in expected.items():
        for type_name, reaches in types.items():
            actual = [DEFAULT_POLICY.reach(Actor("usr_a", role), verb, type_name) for verb in Verb]
            assert " ".join(actual) == reaches, (role, type_name)
