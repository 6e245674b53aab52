"""The follow-up that a communication asks for, whatever order its events come in; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from rapport_shared.contracts.interactions import InteractionState
from rapport_tasks.tasks.follow_ups import Wish, follow
from rapport_tasks.tasks.model import UNFINISHED, Task, TaskOrigin, TaskStatus

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
MONDAY, FRIDAY = NOW + timedelta(days=1), NOW + timedelta(days=5)


def asked(due_at: datetime | None, *, deleted: bool = False) -> InteractionState:
    return InteractionState(
        customer_id="cus_1",
        customer_owner_id="usr_owner",
        author_id="usr_author",
        channel="PHONE",
        occurred_at=NOW,
        next_follow_up_at=due_at,
        deleted=deleted,
    )


class Follower:
    """Applies the events of one communication, as the handler does, without a database."""

    def __init__(self) -> None:
        self.known: Wish | None = None
        self.task: Task | None = None
        self.made = 0

    def hear(self, version: int, state: InteractionState) -> bool:
        """Whether the event had an effect."""

        def make() -> Task:
            self.made += 1
            return Task.follow_up("tsk_1", "int_1", state, owner_id="usr_owner", now=NOW)

        wish = Wish.of(state, version)
        changed = follow(self.task, self.known, wish, make, now=NOW)
        if wish.supersedes(self.known):
            self.known = wish
        if changed is not None:
            self.task = changed
        return changed is not None

    def hear_all(self, events: Sequence[tuple[int, InteractionState]]) -> datetime | None:
        """Where it ends: the time of the open follow-up, None where there is none."""
        for version, state in events:
            self.hear(version, state)
        return self.task.due_at if self.task is not None and self.task.status in UNFINISHED else None


HISTORIES = {
    "set": ([asked(MONDAY)], MONDAY),
    "never set": ([asked(None), asked(None)], None),
    "set later": ([asked(None), asked(FRIDAY)], FRIDAY),
    "moved": ([asked(MONDAY), asked(FRIDAY)], FRIDAY),
    "moved there and back": ([asked(MONDAY), asked(FRIDAY), asked(MONDAY)], MONDAY),
    "cleared": ([asked(MONDAY), asked(None)], None),
    "cleared and set again": ([asked(MONDAY), asked(None), asked(MONDAY)], MONDAY),
    "deleted": ([asked(MONDAY), asked(FRIDAY), asked(FRIDAY, deleted=True)], None),
}


@pytest.mark.parametrize("history", HISTORIES)
def test_every_order_and_every_repetition_ends_the_same(history: str) -> None:
    states, wanted = HISTORIES[history]
    events = list(enumerate(states, start=1))
    for order in permutations([*events, *events]):
        follower = Follower()
        assert follower.hear_all(order) == wanted
        assert follower.made <= 1


def test_the_task_is_the_owners_and_tells_where_it_comes_from() -> None:
    follower = Follower()
    assert follower.hear(1, asked(MONDAY))
    task = follower.task
    assert task is not None
    assert (task.assignee_id, task.customer_owner_id, task.customer_id) == ("usr_owner", "usr_owner", "cus_1")
    assert (task.origin, task.interaction_id, task.created_by_id) == (TaskOrigin.FOLLOW_UP, "int_1", "system")
    assert (task.status, task.due_at, task.version) == (TaskStatus.OPEN, MONDAY, 1)
    assert "PHONE" in task.title


def test_without_an_owner_it_is_the_authors() -> None:
    task = Task.follow_up("tsk_1", "int_1", asked(MONDAY), owner_id=None, now=NOW)
    assert (task.assignee_id, task.customer_owner_id) == ("usr_author", None)


def test_what_people_did_with_it_stays_when_the_time_was_not_touched() -> None:
    follower = Follower()
    follower.hear(1, asked(MONDAY))
    assert follower.task is not None
    follower.task.cancel(now=NOW)
    assert not follower.hear(2, asked(MONDAY))
    assert follower.task.status is TaskStatus.CANCELLED


def test_finished_work_is_not_cancelled_but_a_new_time_opens_it_again() -> None:
    follower = Follower()
    follower.hear(1, asked(MONDAY))
    assert follower.task is not None
    follower.task.complete("talked", now=NOW)
    assert follower.hear_all([(2, asked(None))]) is None
    assert follower.task.status is TaskStatus.DONE
    assert follower.hear_all([(3, asked(FRIDAY))]) == FRIDAY
    assert (follower.task.status, follower.task.result) == (TaskStatus.OPEN, "talked")
