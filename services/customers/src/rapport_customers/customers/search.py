"""What customers are found by: tokens of their values, matched from their beginning, so that an index answers.

A Chinese name is found by any part of it, by its pinyin and by its pinyin's initials, from any character on: 张三丰 by
三丰, ``zhangs``, ``zsf`` and ``sanf``; other names by the beginning of each word; a phone number by any three or more
of its digits. Accents, width and case make no difference. Each field has its own tokens, because a field that is hidden
from somebody is not to be searched by them either.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, Final

from pypinyin import Style, lazy_pinyin, pinyin

FIELDS: Final = ("name", "phone", "email", "external_id")
MAX_TERMS: Final = 8
_MAX_TOKEN: Final = 40
_MAX_READINGS: Final = 16
_MIN_DIGITS: Final = 3
_CHINESE: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_WORD: Final = re.compile(rf"(?:[^\W_]|{_CHINESE.pattern})+")
_DIALLED: Final = re.compile(r"[\d\s()+./-]+")


def tokens(*, name: str, phone: str | None, email: str | None, external_id: str | None) -> dict[str, list[str]]:
    """The tokens of a customer by field, sorted."""
    digits = (phone or "").lstrip("+")
    found = {
        "name": _of_text(name),
        "phone": (digits[start:] for start in range(len(digits) - _MIN_DIGITS + 1)),
        "email": () if email is None else (_folded(email), *_words(email.replace("@", " "))),
        "external_id": _words(external_id or ""),
    }
    return {field: sorted({token[:_MAX_TOKEN] for token in of_field}) for field, of_field in found.items()}


def search_condition(text: str) -> dict[str, Any]:
    """Customers that have every term of the text, at most eight, in one of the fields."""
    return {"$and": [_term_condition(term) for term in _terms(text)] or [{"_id": {"$in": []}}]}


def best_first(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """How well a customer is what was searched for: one of its values is the text, or it has every term as a whole.

    A whole is a word, and of Chinese what is left from any character on, as written, as it sounds, and by its initials:
    ``zs`` is 张三 before it is 张三丰.
    """
    value = unicodedata.normalize("NFC", text.strip())
    is_value = {"$or": [{field: value} for field in ("name", "email", "external_id")]}
    whole = [{"$or": [{f"search.{field}": term} for field in FIELDS]} for term in _terms(text)]
    return is_value, {"$and": whole or [{"_id": {"$in": []}}]}


def parts(text: str) -> list[str]:
    """What a text is found by without readings: the beginning of each word, and of Chinese from each character on."""
    found = [word[start:] for word in _words(text) for start in (range(len(word)) if _CHINESE.match(word) else (0,))]
    return sorted({part[:_MAX_TOKEN] for part in found})


def contains_condition(field: str, text: str) -> dict[str, Any]:
    """Customers with every term of the text, at most eight, in this field."""
    found = [{f"search.{field}": {"$regex": f"^{re.escape(term)}"}} for term in _terms(text)]
    return {"$and": found or [{"_id": {"$in": []}}]}


def terms(text: str) -> list[str]:
    """The words of a text that is looked for, at most eight: each begins one of the ``parts`` of what is found."""
    return [word[:_MAX_TOKEN] for word in _words(text)[:MAX_TERMS]]


def _terms(text: str) -> list[str]:
    """The terms of a search; a phone number, however it is spaced, is one."""
    digits = re.sub(r"\D", "", text)
    if _DIALLED.fullmatch(text.strip()) and len(digits) >= _MIN_DIGITS:
        return [digits.lstrip("0") or digits]
    terms: list[str] = []
    for part in text.split():
        terms += [_folded(part)] if "@" in part else _words(part)
    return [term[:_MAX_TOKEN] for term in terms[:MAX_TERMS]]


def _term_condition(term: str) -> dict[str, Any]:
    return {"$or": [{f"search.{field}": {"$regex": f"^{re.escape(term)}"}} for field in FIELDS]}


def _of_text(text: str) -> Iterator[str]:
    folded = _folded(text)
    for run in _CHINESE.findall(folded):
        for readings in _readings(run):
            for start in range(len(run)):
                yield run[start:]
                yield "".join(readings[start:])
                yield "".join(reading[0] for reading in readings[start:])
    yield from _words(_CHINESE.sub(" ", folded))


def _readings(run: str) -> list[tuple[str, ...]]:
    """How a run of characters may be read: in every way where these are few, else in the most usual one."""
    each = [sorted(set(readings)) for readings in pinyin(run[:_MAX_TOKEN], style=Style.NORMAL, heteronym=True)]
    if prod(map(len, each)) <= _MAX_READINGS:
        return list(product(*each))
    return [tuple(lazy_pinyin(run[:_MAX_TOKEN], style=Style.NORMAL))]


def _words(text: str) -> list[str]:
    """The words of a text; runs of Chinese characters count as words."""
    words: list[str] = []
    for word in _WORD.findall(_folded(text)):
        words += [part for part in re.split(f"({_CHINESE.pattern})", word) if part]
    return words


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(mark for mark in decomposed if not unicodedata.combining(mark)))


def text_tokens(text: str) -> list[str]:
    """The tokens of a text by which it is found as a name is, sorted."""
    return sorted({token[:_MAX_TOKEN] for token in _of_text(text)})


def text_condition(text: str, field: str) -> dict[str, Any]:
    """Records that have every term of the text among the tokens that ``field`` holds."""
    found = [{"$or": [{field: {"$regex": f"^{re.escape(term)}"}}]} for term in _terms(text)]
    return {"$and": found or [{"_id": {"$in": []}}]}
