"""What says that two customers may be one; pure.

Candidates share a key, so that an index finds them: a whole value, or a part of it that a slip of the pen leaves alone.
Only who shares one is compared.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

COMPANY: Final = "COMPANY"
LIKE_COMPANIES: Final = 90
LIKE_PEOPLE: Final = 80
"""How alike two names have to be, of 100: people must have something else in common as well."""
_ENDING: Final = 7
_HALF: Final = 10
_EXACT: Final = 100
_FREE_MAIL: Final = frozenset(
    {
        "126.com",
        "139.com",
        "163.com",
        "aol.com",
        "foxmail.com",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "sina.cn",
        "sina.com",
        "sohu.com",
        "vip.qq.com",
        "web.de",
        "yahoo.com",
        "yandex.ru",
        "yeah.net",
    }
)
_SHARED_BOXES: Final = frozenset({"admin", "contact", "hello", "info", "mail", "office", "sales", "service", "support"})
_LEGAL: Final = re.compile(
    r"股份有限公司|有限责任公司|有限公司|分公司|公司|集团"
    r"|\b(?:co|company|corp|corporation|inc|incorporated|llc|ltd|limited|plc|gmbh|ag|sa|sarl|bv|pty)\b"
)


class Reason(StrEnum):
    """What two customers have in common; the first three prove enough on their own."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    DOMAIN = "DOMAIN"
    NAME = "NAME"
    PHONE_ENDING = "PHONE_ENDING"
    MAILBOX = "MAILBOX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What of a customer is compared; what is hidden from a reader is None for them."""

    id: str
    kind: str
    name: str
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """``score`` is out of 100; ``exact`` where a whole value is the same."""

    score: int
    exact: bool
    reasons: tuple[Reason, ...]


def exact_keys(of: Identity) -> list[str]:
    """The keys that only duplicates share."""
    domain = _own_domain(of.email)
    keys = [f"phone:{of.phone}" if of.phone else "", f"email:{of.email.casefold()}" if of.email else ""]
    if of.kind == COMPANY and domain:
        keys.append(f"domain:{domain}")
    return [key for key in keys if key]


def keys(of: Identity) -> list[str]:
    """All keys under which candidates are found, sorted."""
    return sorted({*exact_keys(of), *_near_keys(of)})


def compare(one: Identity, other: Identity) -> Match | None:
    """Whether two customers may be one, and why."""
    alike = round(_alike(one, other))
    shared = set(exact_keys(one)) & set(exact_keys(other))
    reasons = [reason for reason in (Reason.PHONE, Reason.EMAIL, Reason.DOMAIN) if _names(reason, shared)]
    if reasons:
        return Match(_EXACT, True, (*reasons, *([Reason.NAME] if alike >= LIKE_PEOPLE else [])))
    near = [reason for reason in (Reason.PHONE_ENDING, Reason.MAILBOX) if _near(reason, one, other)]
    both_companies = one.kind == other.kind == COMPANY
    if alike >= (LIKE_COMPANIES if both_companies and not near else LIKE_PEOPLE) and (near or both_companies):
        return Match(min(alike, _EXACT - 1), False, (Reason.NAME, *near))
    return None


def _names(reason: Reason, shared: Iterable[str]) -> bool:
    return any(key.startswith(f"{reason.lower()}:") for key in shared)


def _near_keys(of: Identity) -> Iterator[str]:
    if of.phone:
        yield f"ending:{of.phone[-_ENDING:]}"
    box = _own_box(of.email)
    if box:
        yield f"box:{box}"
    if of.kind == COMPANY:
        sound = _sound(of)
        yield f"sound:{sound}"
        if len(sound) > _HALF:
            yield f"start:{sound[:_HALF]}"
            yield f"end:{sound[-_HALF:]}"


def _near(reason: Reason, one: Identity, other: Identity) -> bool:
    if reason is Reason.MAILBOX:
        box = _own_box(one.email)
        return box is not None and box == _own_box(other.email)
    if one.phone is None or other.phone is None:
        return False
    return one.phone[-_ENDING:] == other.phone[-_ENDING:]


def _alike(one: Identity, other: Identity) -> float:
    """How alike two names are, by what is written or by how it sounds."""
    written = fuzz.token_sort_ratio(_core(one), _core(other))
    return max(written, fuzz.ratio(_sound(one), _sound(other)) - 5)


def _core(of: Identity) -> str:
    """A name without what makes no difference: width, case, marks, and what companies are by law."""
    folded = unicodedata.normalize("NFKC", of.name).casefold()
    bare = _LEGAL.sub(" ", folded) if of.kind == COMPANY else folded
    words = re.findall(r"[^\W_]+", bare) or re.findall(r"[^\W_]+", folded)
    return " ".join(words)


def _sound(of: Identity) -> str:
    return "".join(lazy_pinyin("".join(sorted(_core(of).split()))))


def _own_domain(email: str | None) -> str | None:
    domain = (email or "").casefold().rpartition("@")[2]
    return domain if domain and domain not in _FREE_MAIL else None


def _own_box(email: str | None) -> str | None:
    """The part before the @, where it says something of a person."""
    box = re.sub(r"[._-]|\+.*", "", (email or "").casefold().rpartition("@")[0])
    return box if len(box) > 3 and box not in _SHARED_BOXES else None
