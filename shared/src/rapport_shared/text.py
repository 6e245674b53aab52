"""Texts as people write them, brought into one form."""

import unicodedata

import email_validator
from email_validator import EmailNotValidError, validate_email

MAX_MAIL_ADDRESS = 320

# Company directories and copies of real systems have such domains, although no public mail server ever will.
_PRIVATE_DOMAINS = frozenset({"invalid", "local", "test"})
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = [
    name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name not in _PRIVATE_DOMAINS
]


def printable(value: str, *, lines: bool = False) -> str:
    """Trimmed and in Unicode's composed form (NFC); empty where it holds control characters.

    With ``lines``, line breaks and tabs may stand in it, and every line ends in a line feed.
    """
    text = unicodedata.normalize("NFC", value).strip()
    allowed = "\n\t" if lines else ""
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    broken = (unicodedata.category(char) in {"Cc", "Cs"} and char not in allowed for char in text)
    return "" if any(broken) else text


def mail_address(value: str) -> str | None:
    """Normalised (RFC 5321 and 6531), or None where it is no mail address; whether it receives mail is not asked."""
    if len(value) > MAX_MAIL_ADDRESS:
        return None
    try:
        return validate_email(value.strip(), check_deliverability=False, strict=True).normalized
    except EmailNotValidError:
        return None
