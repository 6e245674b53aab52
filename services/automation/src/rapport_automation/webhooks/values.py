"""The rules of a webhook's values: each function returns the value in its stored form, or raises what is wrong."""

import base64
import re
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from rapport_automation.webhooks.errors import InvalidDescription, InvalidPatterns, InvalidUrl
from rapport_shared.text import printable

MAX_URL: Final = 2000
MAX_PATTERNS: Final = 50
MAX_DESCRIPTION: Final = 200
_WORD: Final = re.compile(r"[a-z0-9_]+|\*|#")
_SECRET_BYTES: Final = 32


def valid_url(value: str) -> str:
    """An absolute HTTP or HTTPS URL without credentials; where it may lead is decided when it is called."""
    url = value.strip()
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"https", "http"} and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or len(url) > MAX_URL or parts.username is not None or parts.fragment or printable(url) != url:
        raise InvalidUrl("Give an absolute URL such as https://example.com/hook.", path=("input", "url"))
    return url


def valid_patterns(values: Sequence[str]) -> tuple[str, ...]:
    """Patterns of routing keys without repetitions: ``*`` stands for one word, ``#`` for any number of them."""
    patterns = tuple(dict.fromkeys(values))
    words = [word for pattern in patterns for word in pattern.split(".")]
    if not 1 <= len(patterns) <= MAX_PATTERNS or not all(_WORD.fullmatch(word) for word in words):
        raise InvalidPatterns(f"Give 1 to {MAX_PATTERNS} patterns such as customers.#.", path=("input", "events"))
    return patterns


def valid_description(value: str) -> str:
    """Trimmed, 1 to 200 characters."""
    text = printable(value)
    if not text or len(text) > MAX_DESCRIPTION:
        message = f"A description has 1 to {MAX_DESCRIPTION} printable characters."
        raise InvalidDescription(message, path=("input", "description"))
    return text


def matches(patterns: Sequence[str], routing_key: str) -> bool:
    """Whether a topic exchange would route ``routing_key`` by one of the patterns (AMQP 0-9-1, section 3.1.3.3)."""
    return any(_matches(pattern.split("."), routing_key.split(".")) for pattern in patterns)


def new_secret() -> str:
    """A secret in the form of Standard Webhooks: ``whsec_`` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _matches(pattern: list[str], words: list[str]) -> bool:
    """One row per word of the pattern: which beginnings of the key it and those before it match."""
    reached = [True] + [False] * len(words)
    for part in pattern:
        following = [part == "#" and reached[0]]
        for index, word in enumerate(words):
            if part == "#":
                following.append(following[-1] or reached[index + 1])
            else:
                following.append(reached[index] and part in {"*", word})
        reached = following
    return reached[-1]
