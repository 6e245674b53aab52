"""What of a list may be taken away, and what the audit log says of it."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
import strawberry
from strawberry import UNSET

from rapport_shared.actor import Actor
from rapport_shared.contracts.identity import RoleState
from rapport_shared.contracts.roles import DEFAULT_POLICY, role_rights
from rapport_shared.errors import BadInput, Forbidden, ForbiddenField
from rapport_shared.graphql.exports import LEFT_OUT, described, export_of
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import optional
from rapport_shared.graphql.lists import Listing
from rapport_shared.ids import new_id
from rapport_shared.mongo import every
from rapport_shared.rights import Policy, Reach, Snapshot

OWNER = new_id("usr")


class Stage(Enum):
    LEAD = "LEAD"
    WON = "WON"


@strawberry.input
class CustomerFilter:
    or_: list["CustomerFilter"] | None = optional("One of these.", "or")
    owner_id: IdFilter | None = optional("Whose.")
    phone: StringFilter | None = optional("Where to call.")
    stage: Filter[Stage] | None = optional("How far.")
    created_at: DateTimeFilter | None = optional("Since when.")


def condition(given: Any, search: str | None) -> dict[str, Any]:
    wanted: dict[str, Any] = {"$or": [{"search.name": search}, {"search.phone": search}]} if search else {}
    names = ("owner_id", "phone", "stage", "created_at")
    return every(condition_of(given, {name: name for name in names}), wanted)


LISTING = Listing("customers", CustomerFilter, CustomerFilter, condition, (), "")
BY_PHONE = CustomerFilter(or_=[CustomerFilter(phone=StringFilter(eq="13800138000"))])


def policy(read: str, export: str, hidden: tuple[str, ...] = ()) -> Policy:
    grants = {"Customer": {"READ": read, "EXPORT": export}}
    fields = {"Customer": dict.fromkeys(hidden, "MASK")}
    snapshot = Snapshot({"SOME": role_rights(RoleState(label="", grants=grants, fields=fields, builtin=False))})
    return DEFAULT_POLICY.knowing(lambda: snapshot)


SOMEBODY = Actor("usr_me", "SOME")


@pytest.mark.parametrize("role", ["SALES", "SUPPORT", "NO_SUCH_ROLE"])
def test_who_reads_a_list_does_not_yet_export_it(role: str) -> None:
    with pytest.raises(Forbidden):
        export_of(DEFAULT_POLICY, LISTING, by=Actor("usr_a", role))


@pytest.mark.parametrize("role", ["ADMIN", "MANAGER", "MARKETING", "INTEGRATOR"])
def test_who_may_export(role: str) -> None:
    assert export_of(DEFAULT_POLICY, LISTING, by=Actor("usr_a", role)).scope.reach is Reach.ALL


@pytest.mark.parametrize(
    ("read", "export", "reach"),
    [("OWN", "ALL", "OWN"), ("ALL", "TEAM", "TEAM"), ("SUBTREE", "SUBTREE", "SUBTREE"), ("ALL", "OWN", "OWN")],
)
def test_no_more_is_exported_than_read(read: str, export: str, reach: str) -> None:
    scope = export_of(policy(read, export), LISTING, by=SOMEBODY).scope
    assert scope.reach is Reach(reach)
    assert scope.filter() == {"owner_id": "usr_me"}


def test_who_reads_nothing_exports_nothing() -> None:
    with pytest.raises(Forbidden):
        export_of(policy("NONE", "ALL"), LISTING, by=SOMEBODY)


def test_nothing_is_exported_by_a_hidden_field() -> None:
    hiding = policy("ALL", "ALL", ("phone",))
    with pytest.raises(ForbiddenField):
        export_of(hiding, LISTING, given=BY_PHONE, by=SOMEBODY)
    found = export_of(hiding, LISTING, search="138", by=SOMEBODY)
    assert found.hidden == {"phone"}
    assert found.condition == {"$or": [{"search.name": "138"}]}


def test_the_audit_log_has_the_filter_without_what_people_wrote() -> None:
    since = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    given = CustomerFilter(
        or_=[BY_PHONE, CustomerFilter(stage=Filter[Stage](in_=[Stage.LEAD, Stage.WON]))],
        owner_id=IdFilter(in_=[OWNER, "Zhang San"], is_null=False),  # type: ignore[list-item]
        created_at=DateTimeFilter(gte=since),  # type: ignore[arg-type]
        phone=UNSET,
    )
    found = export_of(policy("ALL", "ALL"), LISTING, given=given, search="Zhang San", by=SOMEBODY)
    assert found.asked == {
        "or": [{"or": [{"phone": {"eq": LEFT_OUT}}]}, {"stage": {"in": ["LEAD", "WON"]}}],
        "ownerId": {"in": [OWNER, LEFT_OUT], "isNull": False},
        "createdAt": {"gte": "2026-01-31T09:30:00.000Z"},
        "search": LEFT_OUT,
    }
    assert described(None) == export_of(policy("ALL", "ALL"), LISTING, by=SOMEBODY).asked == {}


def test_a_list_is_exported_by_what_it_can_be_asked() -> None:
    with pytest.raises(BadInput):
        export_of(DEFAULT_POLICY, LISTING, search="x" * 201, by=Actor("usr_a", "ADMIN"))
