"""The rules of a customer, without any database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport_customers.customers import errors, values
from rapport_customers.customers.model import Customer
from rapport_shared.contracts.customers import CustomerDeleted, CustomerRestored, CustomerUpdated
from rapport_shared.errors import UserFault

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def customer(**details: Any) -> Customer:
    made = Customer.create("cus_1", {"kind": "PERSON", "name": "张三", **details}, now=NOW)
    made.forget_recorded()
    return made


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("138 1234 5678", "+8613812345678"),
        ("+86 10 8888 9999", "+861088889999"),
        ("+55 (12) 3923-5555", "+551239235555"),
        ("+49 0711 2842222", "+497112842222"),
        ("+1 (780) 428-9482", "+17804289482"),
        ("+453 3331 9991", "+45333319991"),
        ("021-6888 1234", "+862168881234"),
    ],
)
def test_phone_numbers_are_stored_in_e164(written: str, stored: str) -> None:
    assert values.valid_phone(written) == stored


@pytest.mark.parametrize(
    "written", ["", "12", "phone", "+86", "+999 1234567", "1" * 40, "+86 138 1234 567890", "+45 333 319 991 234 5678"]
)
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    with pytest.raises(errors.InvalidPhone):
        values.valid_phone(written)


@pytest.mark.parametrize("written", ["", "a@", "@b.cn", "a b@c.cn", "a@b", "a@b..cn", "a" * 80 + "@example.com"])
def test_what_is_no_mail_address_is_refused(written: str) -> None:
    with pytest.raises(errors.InvalidEmail):
        values.valid_email(written)


@pytest.mark.parametrize("name", ["", "   ", "\n", "a\x00b", "x" * 201])
def test_empty_long_and_unprintable_names_are_refused(name: str) -> None:
    with pytest.raises(errors.InvalidName):
        customer(name=name)


def test_the_same_name_in_another_unicode_form_is_the_same_name() -> None:
    assert customer(name="Gonc\u0327alves").name == "Gon\u00e7alves"


def test_an_update_names_what_changed_and_tells_the_state_before_and_after() -> None:
    made = customer(stage="LEAD", owner_id="usr_1")
    made.update({"stage": "CUSTOMER", "name": "张三", "email": "a@example.com"}, now=LATER)
    (event,) = made.recorded
    assert isinstance(event, CustomerUpdated)
    assert (event.changed, event.before.stage, event.after.stage) == (("email", "stage"), "LEAD", "CUSTOMER")
    assert (made.version, made.stored_version, made.updated_at) == (2, 1, LATER)


def test_an_update_that_changes_nothing_records_nothing() -> None:
    made = customer(tags=["a"])
    made.update({"name": "张三", "tags": ["a", "a"]}, now=LATER)
    assert made.recorded == ()
    assert made.updated_at == NOW


@pytest.mark.parametrize("name", ["kind", "name", "stage"])
def test_required_values_cannot_be_cleared(name: str) -> None:
    with pytest.raises(errors.MissingValue):
        customer().update({name: None}, now=LATER)


def test_clearing_optional_values() -> None:
    made = customer(phone="+8613812345678", tags=["a"])
    made.update({"phone": None, "tags": None}, now=LATER)
    assert (made.phone, made.tags) == (None, ())


def test_delete_and_restore_are_events_with_the_deleted_state() -> None:
    made = customer()
    made.delete(now=LATER)
    made.restore(now=LATER)
    deleted, restored = made.recorded
    assert isinstance(deleted, CustomerDeleted)
    assert isinstance(restored, CustomerRestored)
    assert (deleted.before.deleted, deleted.after.deleted, restored.after.deleted) == (False, True, False)


@given(st.text(max_size=300), st.text(max_size=40), st.lists(st.text(max_size=120), max_size=60))
def test_any_text_is_stored_clean_or_refused_whole(name: str, phone: str, tags: list[str]) -> None:
    try:
        made = customer(name=name, phone=phone, tags=tags)
    except UserFault:
        return
    assert made.name == made.name.strip()
    assert made.name
    assert made.phone is not None
    assert made.phone.startswith("+")
    assert len(made.tags) <= values.MAX_TAGS
