"""The rules of an interaction's values: each function returns the value in its stored form, or raises what is wrong."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rapport_interactions.interactions.errors import (
    InvalidContent,
    InvalidFollowUp,
    InvalidOccurredAt,
    InvalidOutcome,
    InvalidParticipant,
    TooManyParticipants,
)
from rapport_shared.text import printable

MAX_CONTENT = 20_000
MAX_OUTCOME = 2_000
MAX_PARTICIPANT = 200
MAX_PARTICIPANTS = 100
# Clocks and time zones are sometimes wrong by hours; a record of next week's talk is a mistake.
AHEAD = timedelta(days=1)


def valid_content(value: str) -> str:
    """Trimmed, 1 to 20,000 characters; lines end in a line feed."""
    content = printable(value, lines=True)
    if not content or len(content) > MAX_CONTENT:
        raise InvalidContent(f"The content has 1 to {MAX_CONTENT} printable characters.", path=("input", "content"))
    return content


def valid_outcome(value: str) -> str:
    """Trimmed, 1 to 2,000 characters; lines end in a line feed."""
    outcome = printable(value, lines=True)
    if not outcome or len(outcome) > MAX_OUTCOME:
        raise InvalidOutcome(f"An outcome has 1 to {MAX_OUTCOME} printable characters.", path=("input", "outcome"))
    return outcome


def valid_participants(values: Sequence[str]) -> tuple[str, ...]:
    """Each trimmed, 1 to 200 characters, without repetitions, in the order given."""
    participants = tuple(dict.fromkeys(printable(value) for value in values))
    if any(not participant or len(participant) > MAX_PARTICIPANT for participant in participants):
        message = f"A participant has 1 to {MAX_PARTICIPANT} printable characters."
        raise InvalidParticipant(message, path=("input", "participants"))
    if len(participants) > MAX_PARTICIPANTS:
        message = f"An interaction has at most {MAX_PARTICIPANTS} participants."
        raise TooManyParticipants(message, path=("input", "participants"))
    return participants


def check_times(occurred_at: datetime, next_follow_up_at: datetime | None, *, now: datetime) -> None:
    """An interaction happened at most a day from now, and is followed up at any instant after it.

    The follow-up may lie in the past: records are also written late, and then it is overdue.
    """
    if occurred_at > now + AHEAD:
        message = "An interaction can be at most one day in the future."
        raise InvalidOccurredAt(message, path=("input", "occurredAt"))
    if next_follow_up_at is not None and next_follow_up_at <= occurred_at:
        message = "The next follow-up comes after the interaction."
        raise InvalidFollowUp(message, path=("input", "nextFollowUpAt"))
