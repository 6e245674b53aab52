"""A task guards its state; pure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rapport_shared.contracts.tasks import TaskCancelled, TaskCompleted, TaskCreated, TaskReopened, TaskUpdated
from rapport_shared.errors import UserFault
from rapport_tasks.tasks.errors import IllegalStatusChange, InvalidText, InvalidTitle, MissingValue
from rapport_tasks.tasks.model import Task, TaskPriority, TaskStatus
from rapport_tasks.tasks.values import valid_text, valid_title

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OPEN, IN_PROGRESS, DONE, CANCELLED = TaskStatus
MOVES: dict[str, Callable[[Task], None]] = {
    "complete": lambda task: task.complete("sold", now=LATER),
    "reopen": lambda task: task.reopen(now=LATER),
    "cancel": lambda task: task.cancel(now=LATER),
    "begin": lambda task: task.update({"status": "IN_PROGRESS"}, now=LATER),
    "rest": lambda task: task.update({"status": "OPEN"}, now=LATER),
    "update to done": lambda task: task.update({"status": "DONE"}, now=LATER),
    "update to cancelled": lambda task: task.update({"status": "CANCELLED"}, now=LATER),
}
LEADS_TO = {
    ("complete", OPEN): DONE,
    ("complete", IN_PROGRESS): DONE,
    ("reopen", DONE): OPEN,
    ("reopen", CANCELLED): OPEN,
    ("cancel", OPEN): CANCELLED,
    ("cancel", IN_PROGRESS): CANCELLED,
    ("begin", OPEN): IN_PROGRESS,
    ("begin", IN_PROGRESS): IN_PROGRESS,
    ("rest", IN_PROGRESS): OPEN,
    ("rest", OPEN): OPEN,
    ("update to done", DONE): DONE,
    ("update to cancelled", CANCELLED): CANCELLED,
}


def task_with(status: TaskStatus = OPEN, **details: Any) -> Task:
    """A task in this status, as if loaded."""
    task = Task.create("tsk_1", {"title": "Call back", **details}, created_by_id="usr_1", now=NOW)
    if status is DONE:
        task.complete("talked", now=NOW)
    elif status is CANCELLED:
        task.cancel(now=NOW)
    elif status is IN_PROGRESS:
        task.update({"status": "IN_PROGRESS"}, now=NOW)
    task.forget_recorded()
    return task


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("status", TaskStatus)
def test_only_the_moves_of_the_table_are_possible(move: str, status: TaskStatus) -> None:
    task = task_with(status)
    wanted = LEADS_TO.get((move, status))
    if wanted is None:
        with pytest.raises(IllegalStatusChange):
            MOVES[move](task)
        assert (task.status, task.version, task.recorded) == (status, task.stored_version, ())
    else:
        MOVES[move](task)
        assert task.status is wanted
        assert len(task.recorded) == (0 if wanted is status else 1)


def test_each_change_is_one_event_with_the_states_around_it() -> None:
    task = Task.create("tsk_1", {"title": "Call back", "assignee_id": "usr_2"}, created_by_id="usr_1", now=NOW)
    task.update({"due_at": LATER, "priority": "HIGH", "title": "Call back "}, now=NOW)
    task.complete("sold", now=NOW)
    task.reopen(now=NOW)
    task.cancel(now=NOW)
    created, updated, completed, reopened, cancelled = task.recorded
    assert isinstance(created, TaskCreated)
    assert isinstance(updated, TaskUpdated)
    assert updated.changed == ("due_at", "priority")
    assert (updated.before, updated.after.due_at, updated.after.priority) == (created.after, LATER, "HIGH")
    assert isinstance(completed, TaskCompleted)
    assert (completed.before, completed.after.status) == (updated.after, "DONE")
    assert isinstance(reopened, TaskReopened)
    assert (reopened.before, reopened.after.status) == (completed.after, "OPEN")
    assert isinstance(cancelled, TaskCancelled)
    assert (cancelled.before, cancelled.after) == (reopened.after, task.state())


def test_the_owner_of_the_customer_comes_and_goes_with_the_customer() -> None:
    task = task_with(customer_id="cus_1", customer_owner_id="usr_1")
    task.update({"customer_id": "cus_1", "customer_owner_id": "usr_2"}, now=LATER)
    assert (task.customer_owner_id, task.recorded) == ("usr_1", ())
    task.update({"customer_id": "cus_2", "customer_owner_id": "usr_2"}, now=LATER)
    task.update({"customer_id": None, "customer_owner_id": None}, now=LATER)
    moved, cleared = task.recorded
    assert isinstance(moved, TaskUpdated)
    assert (moved.changed, moved.after.customer_owner_id) == (("customer_id",), "usr_2")
    assert isinstance(cleared, TaskUpdated)
    assert (cleared.changed, cleared.after.customer_owner_id) == (("customer_id",), None)


def test_an_update_that_changes_nothing_is_no_event() -> None:
    task = task_with(description="one\ntwo")
    task.update({"title": " Call back ", "description": "one\r\ntwo", "priority": "NORMAL"}, now=LATER)
    assert (task.recorded, task.updated_at) == ((), NOW)


def test_completing_and_reopening_keep_the_result_until_there_is_another() -> None:
    task = task_with()
    task.complete("talked", now=NOW)
    assert (task.result, task.completed_at) == ("talked", NOW)
    task.reopen(now=LATER)
    assert (task.result, task.completed_at, task.updated_at) == ("talked", None, LATER)
    task.complete(None, now=LATER)
    assert task.result == "talked"
    task.reopen(now=LATER)
    task.complete("sold", now=LATER)
    assert task.result == "sold"


@pytest.mark.parametrize("field", ["title", "priority", "status"])
def test_what_every_task_has_cannot_be_cleared(field: str) -> None:
    with pytest.raises(MissingValue) as missing:
        task_with().update({field: None}, now=NOW)
    assert missing.value.path == ("input", field)


@pytest.mark.parametrize("field", ["description", "due_at", "assignee_id", "customer_id"])
def test_the_rest_can(field: str) -> None:
    task = task_with(description="x", due_at=NOW, assignee_id="usr_1", customer_id="cus_1")
    task.update({field: None}, now=LATER)
    assert getattr(task, field) is None


def test_a_refused_change_leaves_the_task_as_it_was() -> None:
    task = task_with()
    for bad in ({"title": "New", "description": "\x00"}, {"title": "New", "status": "DONE"}):
        with pytest.raises(UserFault):
            task.update(bad, now=LATER)
    with pytest.raises(InvalidText):
        task.complete("x" * 5001, now=LATER)
    assert task == task_with()


@pytest.mark.parametrize(("given", "kept"), [(" 跟进 ", "跟进"), ("x" * 200, "x" * 200), ("e\u0301", "é")])
def test_good_titles(given: str, kept: str) -> None:
    assert valid_title(given) == kept


@pytest.mark.parametrize("given", ["", "  ", "x" * 201, "two\nlines", "bell\x07", "\ud800"])
def test_bad_titles(given: str) -> None:
    with pytest.raises(InvalidTitle):
        valid_title(given)


def test_texts_keep_line_breaks_and_nothing_else_that_cannot_be_seen() -> None:
    assert valid_text(" 一\r\n\t二 ", "description") == "一\n\t二"
    assert valid_text(" \n ", "description") is None
    assert valid_text("x" * 5000, "description") == "x" * 5000
    for bad in ("x" * 5001, "\x00", "\x1b[0m"):
        with pytest.raises(InvalidText) as invalid:
            valid_text(bad, "result")
        assert invalid.value.path == ("input", "result")


def test_priorities_have_an_order() -> None:
    assert sorted(TaskPriority, key=lambda priority: priority.rank) == ["LOW", "NORMAL", "HIGH", "URGENT"]
