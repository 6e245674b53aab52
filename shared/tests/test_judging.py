"""Folding changes of records into what a client is told, wherever its connection breaks."""

import random

import pytest

from rapport_shared.graphql.judging import Fact, Told, Verdict, fold

RECORDS = ("a", "b", "c")


def history(chance: random.Random, length: int) -> tuple[list[Fact], set[str]]:
    """Facts of a few records that come and go, and what belongs to the list in the end."""
    members: set[str] = set()
    facts = []
    for position in range(1, length + 1):
        record = chance.choice(RECORDS)
        now = chance.random() < 0.5
        facts.append(Fact(position, record, record in members, now))
        members = members | {record} if now else members - {record}
    return facts, members


def take(told: list[Told], copy: set[str]) -> None:
    for each in told:
        copy.discard(each.record) if each.verdict is Verdict.LEAVE else copy.add(each.record)


@pytest.mark.parametrize("seed", range(200))
def test_a_client_that_goes_on_at_the_last_cursor_misses_nothing(seed: int) -> None:
    chance = random.Random(seed)
    facts, members = history(chance, 30)
    copy: set[str] = set()
    position = 0
    while position < len(facts):
        end = min(position + chance.randrange(1, 12), len(facts))
        told = fold([fact for fact in facts if position < fact.position <= end], end)
        positions = [each.position for each in told]
        assert positions == sorted(positions)
        if told and chance.random() < 0.5:  # it breaks in the middle
            got = told[: chance.randrange(1, len(told) + 1)]
            take(got, copy)
            position = got[-1].position
        else:
            take(told, copy)
            position = end
    assert copy == members


def test_records_that_never_belonged_are_not_told_of() -> None:
    assert fold([Fact(1, "a", was=False, now=False)], 1) == []


def test_a_record_that_came_and_went_is_gone_for_who_was_told_of_its_coming() -> None:
    told = fold([Fact(1, "a", was=False, now=True), Fact(2, "a", was=True, now=False)], 2)
    assert [(each.verdict, each.position) for each in told] == [(Verdict.LEAVE, 2)]
