"""The rules of an interaction, without any database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport_interactions.interactions import errors, values
from rapport_interactions.interactions.model import Interaction
from rapport_shared.contracts.interactions import InteractionDeleted, InteractionRecorded, InteractionUpdated
from rapport_shared.errors import UserFault

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = NOW + HOUR


def interaction(**details: Any) -> Interaction:
    given_details = {"channel": "PHONE", "content": "谈了价格", **details}
    owners = {"customer_id": "cus_1", "customer_owner_id": "usr_owner", "author_id": "usr_author"}
    return Interaction.create("int_1", given_details, **owners, now=NOW)


def stored(**details: Any) -> Interaction:
    made = interaction(**details)
    made.forget_recorded()
    return made


def test_a_new_interaction_happened_now_and_tells_its_state() -> None:
    made = interaction(intent="HIGH", next_follow_up_at=LATER)
    (event,) = made.recorded
    assert isinstance(event, InteractionRecorded)
    assert (made.occurred_at, event.after.occurred_at, event.after.next_follow_up_at) == (NOW, NOW, LATER)
    assert (event.after.customer_owner_id, event.after.author_id) == ("usr_owner", "usr_author")
    assert (event.after.channel, event.after.intent, event.after.deleted) == ("PHONE", "HIGH", False)


@pytest.mark.parametrize("content", ["", "  \n ", "a\x00b", "\x07", "x" * 20_001])
def test_empty_long_and_unprintable_contents_are_refused(content: str) -> None:
    with pytest.raises(errors.InvalidContent):
        interaction(content=content)


def test_contents_keep_their_lines() -> None:
    assert interaction(content="  一\r\n\t二\r三\n ").content == "一\n\t二\n三"
    assert len(interaction(content="好" * 20_000).content) == 20_000


@pytest.mark.parametrize("outcome", ["", " ", "a\x1bb", "x" * 2001])
def test_empty_long_and_unprintable_outcomes_are_refused(outcome: str) -> None:
    with pytest.raises(errors.InvalidOutcome):
        interaction(outcome=outcome)


@pytest.mark.parametrize("participant", ["", " ", "a\nb", "x" * 201])
def test_empty_long_and_unprintable_participants_are_refused(participant: str) -> None:
    with pytest.raises(errors.InvalidParticipant):
        interaction(participants=["王芳", participant])


def test_participants_are_named_once_and_not_too_many() -> None:
    assert interaction(participants=[" 王芳", "Bob", "王芳"]).participants == ("王芳", "Bob")
    with pytest.raises(errors.TooManyParticipants):
        interaction(participants=[f"p{number}" for number in range(101)])


def test_an_interaction_is_at_most_a_day_ahead() -> None:
    assert interaction(occurred_at=NOW + timedelta(days=1)).occurred_at == NOW + timedelta(days=1)
    with pytest.raises(errors.InvalidOccurredAt):
        interaction(occurred_at=NOW + timedelta(days=1, milliseconds=1))
    with pytest.raises(errors.InvalidOccurredAt):
        stored().update({"occurred_at": NOW + timedelta(days=2)}, now=NOW)


def test_a_follow_up_comes_after_the_interaction_though_it_may_be_overdue() -> None:
    with pytest.raises(errors.InvalidFollowUp):
        interaction(next_follow_up_at=NOW)
    long_ago = NOW - timedelta(days=30)
    assert interaction(occurred_at=long_ago, next_follow_up_at=long_ago + HOUR).next_follow_up_at == long_ago + HOUR


def test_moving_an_interaction_behind_its_follow_up_is_refused_and_changes_nothing() -> None:
    made = stored(next_follow_up_at=LATER)
    with pytest.raises(errors.InvalidFollowUp):
        made.update({"occurred_at": LATER, "content": "x"}, now=NOW)
    assert (made.occurred_at, made.content, made.recorded) == (NOW, "谈了价格", ())


def test_an_update_names_what_changed_and_tells_the_state_before_and_after() -> None:
    made = stored(intent="LOW")
    made.update({"intent": "HIGH", "content": "谈了价格", "outcome": "约好再谈"}, now=LATER)
    (event,) = made.recorded
    assert isinstance(event, InteractionUpdated)
    assert (event.changed, event.before.intent, event.after.intent) == (("intent", "outcome"), "LOW", "HIGH")
    assert (made.version, made.stored_version, made.updated_at) == (2, 1, LATER)


def test_an_update_that_changes_nothing_records_nothing() -> None:
    made = stored(participants=["a"])
    made.update({"content": " 谈了价格\n", "participants": ["a", "a"], "channel": "PHONE"}, now=LATER)
    assert made.recorded == ()
    assert made.updated_at == NOW


@pytest.mark.parametrize("name", ["channel", "content", "occurred_at"])
def test_required_values_cannot_be_cleared(name: str) -> None:
    with pytest.raises(errors.MissingValue):
        stored().update({name: None}, now=LATER)


def test_clearing_optional_values() -> None:
    made = stored(participants=["a"], outcome="x", intent="LOW", next_follow_up_at=LATER)
    made.update(dict.fromkeys(["participants", "outcome", "intent", "next_follow_up_at"]), now=LATER)
    assert (made.participants, made.outcome, made.intent, made.next_follow_up_at) == ((), None, None, None)


def test_delete_tells_the_state_before_and_after() -> None:
    made = stored()
    made.delete(now=LATER)
    (event,) = made.recorded
    assert isinstance(event, InteractionDeleted)
    assert (event.before.deleted, event.after.deleted, made.deleted_at) == (False, True, LATER)


@given(st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=210), max_size=5))
def test_any_text_is_stored_clean_or_refused_whole(content: str, outcome: str, participants: list[str]) -> None:
    try:
        made = interaction(content=content, outcome=outcome, participants=participants)
    except UserFault:
        return
    assert made.outcome is not None
    for text in (made.content, made.outcome, *made.participants):
        assert text
        assert text == text.strip()
        assert not {"\r", "\x00"} & set(text)
    assert not any("\n" in participant for participant in made.participants)
    assert len(made.participants) <= values.MAX_PARTICIPANTS
