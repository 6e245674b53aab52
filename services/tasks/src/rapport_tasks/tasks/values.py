"""The rules of a task's values: each function returns the value in its stored form, or raises what is wrong."""

from rapport_shared.text import printable
from rapport_tasks.tasks.errors import InvalidText, InvalidTitle

MAX_TITLE = 200
MAX_TEXT = 5000


def valid_title(value: str) -> str:
    """Trimmed, 1 to 200 characters on one line."""
    title = printable(value)
    if not title or len(title) > MAX_TITLE:
        raise InvalidTitle(f"A title has 1 to {MAX_TITLE} printable characters.", path=("input", "title"))
    return title


def valid_text(value: str, field: str) -> str | None:
    """Trimmed, at most 5,000 characters with line breaks; None where there is nothing to keep."""
    text = printable(value, lines=True)
    unprintable = bool(value.strip()) and not text
    if unprintable or len(text) > MAX_TEXT:
        raise InvalidText(f"This has at most {MAX_TEXT} printable characters.", path=("input", field))
    return text or None
