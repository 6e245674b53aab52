"""Attributes that hold values by name: each of these is a field of its own."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from rapport_shared.aggregate import Aggregate
from rapport_shared.audit.trail import changed_fields
from rapport_shared.contracts.roles import MASKABLE, field_rights, restrictable
from rapport_shared.errors import ForbiddenField
from rapport_shared.mongo import Order, page_request
from rapport_shared.rights import schema_name


@dataclass(kw_only=True)
class Thing(Aggregate):
    open_fields: ClassVar[frozenset[str]] = frozenset({"custom"})

    name: str = ""
    custom: dict[str, Any] = field(default_factory=dict)


def test_what_differs_in_an_open_field_is_named_by_its_key() -> None:
    thing = Thing(id="thg_1", name="a", custom={"size": 3, "colour": "red"})
    assert thing.differing({"name": "a", "custom": {"size": 4, "weight": 1}}) == (
        "custom.colour",
        "custom.size",
        "custom.weight",
    )
    assert thing.differing({"custom": {"colour": "red", "size": 3}}) == ()


def test_audit_rows_name_each_key_and_not_the_open_field() -> None:
    thing = Thing(id="thg_1")
    after = {"name": "a", "custom": {"size": 4, "gone": None}, "version": 2}
    assert changed_fields(thing, None, after) == ("custom.size", "name")
    assert changed_fields(thing, {"name": "a", "custom": {"colour": 1}}, after) == ("custom.colour", "custom.size")


def test_rules_of_roles_may_be_about_custom_fields() -> None:
    assert restrictable("Customer", "custom.taxNumber", MASKABLE)
    assert not restrictable("Customer", "custom.", MASKABLE)
    assert not restrictable("Task", "custom.taxNumber", MASKABLE)
    rights = field_rights("Customer", {"custom.taxNumber": "MASK", "custom.size": "READ", "name": "MASK"})
    assert rights.hidden == {"custom.taxNumber"}
    assert rights.read_only == {"custom.size", "name"}
    assert schema_name("custom.taxNumber") == "custom.taxNumber"
    assert ForbiddenField.named("custom.taxNumber").path == ("input", "custom.taxNumber")


def test_a_cursor_holds_values_of_fields_within_fields() -> None:
    order = (Order("facts.order_count"),)
    request = page_request(first=1, after=None, last=None, before=None, order=order)
    cursor = request.cursor({"_id": "cus_1", "facts": {"order_count": 7}})
    behind = page_request(first=1, after=cursor, last=None, before=None, order=order)
    assert behind.position == (7, "cus_1")
    assert request.cursor({"_id": "cus_1"}) != cursor
