"""The rules of a task's values: each function returns the value in its stored form, or raises what is wrong."""

import unicodedata

from rapport_tasks.tasks.errors import InvalidText, InvalidTitle

MAX_TITLE = 200
MAX_TEXT = 5000


def valid_title(value: str) -> str:
    """Trimmed, 1 to 200 characters on one line."""
    title = _composed(value)
    if not title or len(title) > MAX_TITLE or _has_control_characters(title):
        raise InvalidTitle(f"A title has 1 to {MAX_TITLE} printable characters.", path=("input", "title"))
    return title


def valid_text(value: str, field: str) -> str | None:
    """Trimmed, at most 5,000 characters with line breaks; None where nothing is left."""
    text = _composed(value.replace("\r\n", "\n"))
    if len(text) > MAX_TEXT or _has_control_characters(text, allowed="\n\t"):
        raise InvalidText(f"This has at most {MAX_TEXT} printable characters.", path=("input", field))
    return text or None


def _composed(value: str) -> str:
    """Trimmed and in Unicode's composed form."""
    return unicodedata.normalize("NFC", value).strip()


def _has_control_characters(text: str, allowed: str = "") -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} and char not in allowed for char in text)
