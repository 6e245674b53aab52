"""The checker finds every kind of broken promise, and finds none where there is none."""

from dataclasses import replace

import pytest
from reliability.checker import (
    DIFFERENT,
    LEFT,
    LOST,
    ORDER,
    TWICE,
    Command,
    Copy,
    Facts,
    StoredEvent,
    Violation,
    effects,
    violations,
)

CREATED = StoredEvent("e1", "customers.customer.created.v1", "cus_1", 1, "command-1", of_request=True)
UPDATED = StoredEvent("e2", "customers.customer.updated.v1", "cus_1", 2, "command-2", of_request=True)
COMMANDS = (
    Command("command-1", "customers", acknowledged=True, record_id="cus_1"),
    Command("command-2", "customers", acknowledged=True, record_id="cus_1"),
    Command("command-3", "customers", acknowledged=False),
)
WHOLE = Facts(
    events={"customers": [CREATED, UPDATED]},
    records={"customers": {"cus_1": 2}},
    waiting={"customers": 0},
    queued={"rapport.tasks": 0, "rapport.tasks.dead": 0},
    wanted={"tasks": {"e1", "e2"}},
    handled={"tasks": {"e1", "e2"}},
    copies=[Copy("customers in tasks", {"cus_1": {"version": 2}}, {"cus_1": {"version": 2}})],
    follow_ups_wanted={"int_1": "Monday"},
    follow_ups=[("int_1", "Monday")],
)


def test_a_whole_end_state_has_no_violations() -> None:
    assert violations(WHOLE, COMMANDS) == []


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (replace(WHOLE, waiting={"customers": 1}), LEFT),
        (replace(WHOLE, queued={"rapport.tasks.dead": 1}), LEFT),
        (replace(WHOLE, events={"customers": [CREATED]}, wanted={"tasks": {"e1"}}, handled={"tasks": {"e1"}}), LOST),
        (replace(WHOLE, events={"customers": [CREATED, UPDATED, replace(UPDATED, id="e3")]}), TWICE),
        (replace(WHOLE, records={"customers": {}}), LOST),
        (replace(WHOLE, records={"customers": {"cus_1": 3}}), LOST),
        (replace(WHOLE, handled={"tasks": {"e1"}}), LOST),
        (replace(WHOLE, handled={"tasks": {"e1", "e2", "e9"}}), DIFFERENT),
        (replace(WHOLE, copies=[Copy("customers in tasks", {"cus_1": {"version": 2}}, {})]), LOST),
        (replace(WHOLE, copies=[Copy("customers in tasks", {"cus_1": {"v": 2}}, {"cus_1": {"v": 1}})]), DIFFERENT),
        (replace(WHOLE, copies=[Copy("customers in tasks", {}, {"cus_1": {"v": 1}})]), DIFFERENT),
        (replace(WHOLE, follow_ups=[]), LOST),
        (replace(WHOLE, follow_ups=[("int_1", "Monday")] * 2), TWICE),
        (replace(WHOLE, follow_ups=[("int_1", "Friday")]), DIFFERENT),
        (replace(WHOLE, follow_ups=[("int_1", "Monday"), ("int_2", "Monday")]), DIFFERENT),
    ],
)
def test_what_is_broken_is_found(broken: Facts, kind: str) -> None:
    assert kind in {violation.kind for violation in violations(broken, COMMANDS)}


def test_a_command_of_unknown_outcome_may_be_done_once_but_not_twice() -> None:
    once = replace(CREATED, id="e3", subject="cus_2", correlation_id="command-3")
    records = {"customers": {"cus_1": 2, "cus_2": 1}}
    done = replace(WHOLE, events={"customers": [CREATED, UPDATED, once]}, records=records)
    assert violations(done, COMMANDS) == []
    again = replace(once, id="e4", subject="cus_3")
    events, records = (
        {"customers": [*done.events["customers"], again]},
        {"customers": {**records["customers"], "cus_3": 1}},
    )
    found = violations(replace(done, events=events, records=records), COMMANDS)
    assert found == [Violation(TWICE, "command command-3 was done 2 times")]


@pytest.mark.parametrize(
    ("happened", "kinds"),
    [
        ([1, 2, 3], []),
        ([1, 3], [LOST]),
        ([1, 2, 2, 3], [TWICE]),
        ([1, 2, 3, 1, 2, 3], [TWICE] * 3),
        ([1, 3, 2], [ORDER]),
        ([1, 2, 3, 4], [DIFFERENT]),
    ],
)
def test_effects_are_each_version_once_and_in_order(happened: list[int], kinds: list[str]) -> None:
    assert [violation.kind for violation in effects({"cus_1": 3}, {"cus_1": happened})] == kinds
