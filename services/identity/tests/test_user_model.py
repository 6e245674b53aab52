"""A user's values and what its making records."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rapport_identity.users.errors import InvalidEmail, InvalidName, InvalidText, MissingValue, WeakPassword
from rapport_identity.users.model import User
from rapport_identity.users.values import email_key, valid_email, valid_name, valid_password, valid_text
from rapport_shared.contracts.identity import UserCreated, UserState, UserUpdated

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DETAILS = {"email": "li.wei@example.com", "name": "李伟", "role": "SALES"}


def make(**given: Any) -> User:
    return User.create("usr_1", {**DETAILS, **given}, password_hash="$argon2id$secret", now=NOW)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (" Andrew@ChinookCorp.COM ", "Andrew@chinookcorp.com"),
        ("wang@corp.local", "wang@corp.local"),
        ("wang@sandbox.example.com.invalid", "wang@sandbox.example.com.invalid"),
        ("wang@company.test", "wang@company.test"),
        ("o'hara+crm@example.co.uk", "o'hara+crm@example.co.uk"),
        ("王伟@例子.公司", "王伟@例子.公司"),
        ("wang@xn--fsqu00a.xn--55qx5d", "wang@例子.公司"),
    ],
)
def test_real_mail_addresses_are_taken(given: str, stored: str) -> None:
    assert valid_email(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        "",
        "wang",
        "wang@",
        "@example.com",
        "a b@example.com",
        "a@b@example.com",
        "wang@localhost",
        "a\n@example.com",
        "x" * 400 + "@example.com",
        "a@-example.com",
        "a@example..com",
    ],
)
def test_what_is_no_mail_address_is_refused(given: str) -> None:
    with pytest.raises(InvalidEmail):
        valid_email(given)


@pytest.mark.parametrize(
    ("one", "other"),
    [("A@Example.com", " a@example.COM"), ("wang@xn--fsqu00a.xn--55qx5d", "WANG@例子.公司"), ("No Mail", "no mail ")],
)
def test_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize("name", ["", "   ", "a\tb", "x" * 201, "\ud800"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        valid_name(name)


def test_texts_are_trimmed_and_short() -> None:
    assert valid_text("  Sales Manager ", "title") == "Sales Manager"
    with pytest.raises(InvalidText) as refused:
        valid_text("x" * 101, "title")
    assert refused.value.path == ("input", "title")


@pytest.mark.parametrize("password", ["", "123456789", "x" * 201])
def test_a_password_that_is_too_short_or_absurd_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        valid_password(password)
    assert valid_password(" 密码 with blanks ") == " 密码 with blanks "


def test_making_a_user_records_one_event_without_personal_values() -> None:
    user = make(title="Agent", external_id="hr:1", manager_id="usr_0")
    assert user.recorded == (UserCreated(user_id="usr_1", after=UserState(role="SALES", active=True)),)
    assert (user.version, user.role, user.active) == (1, "SALES", True)
    assert (user.created_at, user.updated_at) == (NOW, NOW)


def test_what_is_null_is_not_set() -> None:
    user = make(title=None, external_id=None, manager_id=None)
    assert (user.title, user.external_id, user.manager_id) == (None, None, None)


def test_the_password_hash_is_not_shown() -> None:
    assert "secret" not in repr(make())


def test_a_change_records_what_changed_and_nothing_personal() -> None:
    user = make(title="Agent")
    user.forget_recorded()
    user.update(
        {"name": " 王伟 ", "title": None, "role": "SUPPORT", "team_id": "tem_1", "email": user.email}, now=LATER
    )
    assert (user.name, user.title, user.version, user.updated_at) == ("王伟", None, 2, LATER)
    [event] = user.recorded
    assert event == UserUpdated(
        user_id="usr_1",
        changed=("name", "role", "team_id", "title"),
        before=UserState(role="SALES", active=True),
        after=UserState(role="SUPPORT", active=True, team_id="tem_1"),
    )


def test_nothing_happens_where_nothing_differs() -> None:
    user = make()
    user.forget_recorded()
    user.update({"name": "李伟", "title": None}, now=LATER)
    user.activate(now=LATER)
    assert (user.recorded, user.version, user.updated_at) == ((), 1, NOW)


@pytest.mark.parametrize("name", ["email", "name", "role"])
def test_what_everybody_has_cannot_be_cleared(name: str) -> None:
    with pytest.raises(MissingValue) as refused:
        make().update({name: None}, now=LATER)
    assert refused.value.path == ("input", name)


def test_an_invitation_takes_the_password_away_until_there_is_a_new_one() -> None:
    user = make()
    user.forget_recorded()
    user.invite(now=LATER)
    assert (user.password_hash, user.invited_at) == (None, LATER)
    user.set_password("$argon2id$new", now=LATER)
    assert (user.password_hash, user.invited_at) == ("$argon2id$new", None)
    assert [event.changed for event in user.recorded if isinstance(event, UserUpdated)] == [
        ("invited_at", "password"),
        ("invited_at", "password"),
    ]
