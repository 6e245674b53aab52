"""The rules of a customer's values: each function returns the value in its stored form, or raises what is wrong."""

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult

from rapport_customers.customers.errors import InvalidEmail, InvalidName, InvalidPhone, InvalidText, TooManyTags
from rapport_shared.text import mail_address, printable

MAX_KEY = 40
MAX_NAME = 200
MAX_TEXT = 100
MAX_TAGS = 50
HOME_REGION = "CN"
HOME_CODE = 86
MAX_PHONE_DIGITS = 15


def valid_name(value: str) -> str:
    """Trimmed, 1 to 200 characters."""
    name = printable(value)
    if not name or len(name) > MAX_NAME:
        raise InvalidName(f"A name has 1 to {MAX_NAME} printable characters.", path=("input", "name"))
    return name


def valid_phone(value: str) -> str:
    """E.164 (``+8613812345678``), from an international form or the Chinese national one.

    A number need only be possible, by its length and country code: numbering plans change faster than libraries.
    A foreign one may even be longer than its country's plan, up to the 15 digits of E.164.
    """
    try:
        number = phonenumbers.parse(value, HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not _is_possible(number):
        raise InvalidPhone("This is not a phone number; write it as +86 138 1234 5678.", path=("input", "phone"))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def valid_email(value: str) -> str:
    """Normalised."""
    address = mail_address(value)
    if address is None:
        raise InvalidEmail("This is not a mail address.", path=("input", "email"))
    return address


def valid_text(value: str, field: str) -> str:
    """Trimmed, 1 to 100 characters."""
    text = printable(value)
    if not text or len(text) > MAX_TEXT:
        raise InvalidText(f"This has 1 to {MAX_TEXT} printable characters.", path=("input", field))
    return text


def valid_tags(values: list[str]) -> tuple[str, ...]:
    """Each a valid text, without repetitions, in the order given."""
    tags = tuple(dict.fromkeys(valid_text(value, "tags") for value in values))
    if len(tags) > MAX_TAGS:
        raise TooManyTags(f"A customer has at most {MAX_TAGS} tags.", path=("input", "tags"))
    return tags


def is_key(text: str) -> bool:
    """Whether it can be a name for programs: capital letters, digits, underscores."""
    return 0 < len(text) <= MAX_KEY and text.isascii() and text.replace("_", "").isalnum() and text == text.upper()


def _is_possible(number: PhoneNumber) -> bool:
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.IS_POSSIBLE:
            return True
        case ValidationResult.TOO_LONG:
            digits = len(phonenumbers.format_number(number, PhoneNumberFormat.E164)) - 1
            return number.country_code != HOME_CODE and digits <= MAX_PHONE_DIGITS
    return False
