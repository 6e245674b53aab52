"""The rules of a user's values: each function returns the value in its stored form, or raises what is wrong."""

import unicodedata

import email_validator
from email_validator import EmailNotValidError, validate_email

from rapport_identity.users.errors import InvalidEmail, InvalidName, InvalidText, WeakPassword

MAX_EMAIL = 320
MAX_NAME = 200
MAX_TEXT = 100
MIN_PASSWORD = 10
MAX_PASSWORD = 200

# Company directories and copies of real systems have such domains, although no public mail server ever will.
_PRIVATE_DOMAINS = frozenset({"invalid", "local", "test"})
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = [
    name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name not in _PRIVATE_DOMAINS
]


def valid_email(value: str) -> str:
    """Normalised (RFC 5321 and 6531); whether it receives mail is not asked."""
    fault = InvalidEmail("This is not a mail address.", path=("input", "email"))
    if len(value) > MAX_EMAIL:
        raise fault
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise fault from None


def email_key(value: str) -> str:
    """What two spellings of one mail address have in common; for any text, also one that is no address."""
    try:
        return valid_email(value).casefold()
    except InvalidEmail:
        return value.strip().casefold()


def valid_name(value: str) -> str:
    """Trimmed, 1 to 200 characters."""
    name = _printable(value)
    if not name or len(name) > MAX_NAME:
        raise InvalidName(f"A name has 1 to {MAX_NAME} printable characters.", path=("input", "name"))
    return name


def valid_text(value: str, field: str) -> str:
    """Trimmed, 1 to 100 characters."""
    text = _printable(value)
    if not text or len(text) > MAX_TEXT:
        raise InvalidText(f"This has 1 to {MAX_TEXT} printable characters.", path=("input", field))
    return text


def valid_password(value: str) -> str:
    """As it is, 10 to 200 characters of any kind."""
    if not MIN_PASSWORD <= len(value) <= MAX_PASSWORD:
        raise WeakPassword(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.", path=("input", "password"))
    return value


def _printable(value: str) -> str:
    """Trimmed and in Unicode's composed form; empty where it holds control characters."""
    text = unicodedata.normalize("NFC", value).strip()
    return "" if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text) else text
