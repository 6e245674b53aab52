"""The rules of a user's values: each function returns the value in its stored form, or raises what is wrong."""

from typing import TypeVar

from rapport_identity.users.errors import InvalidEmail, InvalidName, InvalidText, MissingValue, WeakPassword
from rapport_shared.text import mail_address, printable

T = TypeVar("T")

MAX_NAME = 200
MAX_TEXT = 100
MIN_PASSWORD = 10
MAX_PASSWORD = 200


def valid_email(value: str) -> str:
    """Normalised."""
    address = mail_address(value)
    if address is None:
        raise InvalidEmail("This is not a mail address.", path=("input", "email"))
    return address


def email_key(value: str) -> str:
    """What two spellings of one mail address have in common; for any text, also one that is no address."""
    try:
        return valid_email(value).casefold()
    except InvalidEmail:
        return value.strip().casefold()


def valid_name(value: str) -> str:
    """Trimmed, 1 to 200 characters."""
    name = printable(value)
    if not name or len(name) > MAX_NAME:
        raise InvalidName(f"A name has 1 to {MAX_NAME} printable characters.", path=("input", "name"))
    return name


def valid_text(value: str, field: str) -> str:
    """Trimmed, 1 to 100 characters."""
    text = printable(value)
    if not text or len(text) > MAX_TEXT:
        raise InvalidText(f"This has 1 to {MAX_TEXT} printable characters.", path=("input", field))
    return text


def valid_password(value: str, field: str = "password") -> str:
    """As it is, 10 to 200 characters of any kind."""
    if not MIN_PASSWORD <= len(value) <= MAX_PASSWORD:
        raise WeakPassword(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.", path=("input", field))
    return value


def present(value: T | None, field: str) -> T:
    """As it is; raises MissingValue for None."""
    if value is None:
        raise MissingValue(f"The {field} cannot be cleared.", path=("input", field))
    return value
