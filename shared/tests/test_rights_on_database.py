"""A reach as a database filter and as a decision on each record are the same, on random companies."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.collection import Collection

from rapport_shared.actor import Actor
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.rights import Policy, Reach, RoleRights, Snapshot, Verb
from rapport_shared.teams import teams_of

USERS = [f"usr_{number}" for number in range(8)]
TEAMS = [f"tem_{number}" for number in range(5)]
TYPES = tuple(DEFAULT_POLICY.owner_fields)
SOMEBODY = st.none() | st.sampled_from(USERS)


@dataclass(frozen=True)
class Record:
    """A record of any type, by all the fields that can make it somebody's."""

    id: str
    owner_id: str | None
    customer_owner_id: str | None
    author_id: str | None
    assignee_id: str | None
    created_by_id: str | None


RECORDS = st.lists(
    st.builds(Record, st.sampled_from(USERS), SOMEBODY, SOMEBODY, SOMEBODY, SOMEBODY, SOMEBODY),
    min_size=1,
    max_size=20,
    unique_by=lambda record: record.id,
)
GRANTS = st.dictionaries(
    st.sampled_from(TYPES), st.dictionaries(st.sampled_from(Verb), st.sampled_from(Reach)), min_size=1
)


@pytest.fixture(scope="module")
def collection(mongo_url: str, database_prefix: str) -> Iterator[Collection[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo_url) as client:
        yield client[f"{database_prefix}_rights"]["records"]


def company(
    parents: dict[str, str | None], members: dict[str, str | None], grants: dict[str, dict[Verb, Reach]]
) -> Policy:
    snapshot = Snapshot({"SOME": RoleRights(grants)}, teams_of(parents, members.items()))
    return DEFAULT_POLICY.knowing(lambda: snapshot)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parents=st.fixed_dictionaries({team: st.none() | st.sampled_from(TEAMS) for team in TEAMS}),
    members=st.fixed_dictionaries({user: st.none() | st.sampled_from(TEAMS) for user in USERS}),
    grants=GRANTS,
    actor=st.sampled_from(USERS),
    records=RECORDS,
)
def test_filter_and_decision_agree(
    collection: Collection[dict[str, Any]],
    parents: dict[str, str | None],
    members: dict[str, str | None],
    grants: dict[str, dict[Verb, Reach]],
    actor: str,
    records: list[Record],
) -> None:
    policy = company(parents, members, grants)
    by = Actor(actor, "SOME", team_id=members[actor])
    collection.delete_many({})
    collection.insert_many({**vars(record), "_id": record.id} for record in records)
    for type_name in TYPES:
        for verb in Verb:
            found = {row["_id"] for row in collection.find(policy.scope(by, verb, type_name).filter(), {"_id": 1})}
            decided = {record.id for record in records if policy.decide(by, verb, type_name, record).allowed}
            assert found == decided, (type_name, verb)
