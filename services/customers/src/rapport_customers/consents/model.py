"""A customer's word on one purpose."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rapport_customers.consents.errors import ConsentSuperseded, InvalidEvidence
from rapport_shared.text import printable

MAX_TEXT: Final = 500


class ConsentPurpose(StrEnum):
    """What a customer can agree to."""

    MARKETING_EMAIL = "MARKETING_EMAIL"
    MARKETING_SMS = "MARKETING_SMS"
    MARKETING_PHONE = "MARKETING_PHONE"
    MARKETING_CHAT = "MARKETING_CHAT"
    PROFILING = "PROFILING"
    SHARING = "SHARING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Granted or withdrawn ``at`` that time; ``source`` says where it was given, ``evidence`` what proves it."""

    purpose: ConsentPurpose
    granted: bool
    at: datetime
    source: str
    evidence: str | None
    recorded_by: str


def said(
    known: tuple[Consent, ...],
    purpose: ConsentPurpose,
    *,
    granted: bool,
    at: datetime,
    source: str,
    evidence: str | None,
    by: str,
) -> tuple[Consent, ...]:
    """What is known after the customer's newest word, by purpose.

    Raises ConsentSuperseded where a later one is known, InvalidEvidence for a text that cannot be stored.
    """
    before = next((consent for consent in known if consent.purpose is purpose), None)
    if before is not None and before.at > at:
        raise ConsentSuperseded("A later word of the customer on this is on record.", path=("input", "occurredAt"))
    consent = Consent(
        purpose=purpose,
        granted=granted,
        at=at,
        source=_text(source, "source"),
        evidence=None if evidence is None else _text(evidence, "evidence"),
        recorded_by=by,
    )
    others = [other for other in known if other.purpose is not purpose]
    return tuple(sorted([*others, consent], key=lambda each: each.purpose))


def _text(value: str, field: str) -> str:
    text = printable(value)
    if not text or len(text) > MAX_TEXT:
        raise InvalidEvidence(f"This has 1 to {MAX_TEXT} printable characters.", path=("input", field))
    return text
