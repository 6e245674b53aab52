"""Since when a customer has the tags that were given by hand; no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTimes:
    """``changed_at`` is when any tag last came or went, a rule's included; ``given`` since when there is each by hand.

    What an earlier release gave has no time.
    """

    changed_at: datetime | None = None
    given: Mapping[str, datetime] = field(default_factory=dict)

    def after(self, before: Sequence[str], tags: Sequence[str], *, now: datetime) -> "TagTimes":
        """The times once there are ``tags`` by hand instead of those before."""
        new = dict.fromkeys((tag_id for tag_id in tags if tag_id not in before), now)
        known = {tag_id: at for tag_id, at in self.given.items() if tag_id in before and tag_id in tags}
        return TagTimes(changed_at=now, given=known | new)

    def document(self) -> dict[str, Any]:
        """The stored form, as ``stored`` reads it."""
        given = [{"tag_id": tag_id, "at": at} for tag_id, at in sorted(self.given.items())]
        return {"tags": self.changed_at, "given": given}

    @classmethod
    def stored(cls, document: Mapping[str, Any]) -> "TagTimes":
        """What ``document`` wrote; no times where an earlier release wrote none."""
        given = {each["tag_id"]: each["at"] for each in document.get("given", ())}
        return cls(changed_at=document.get("tags"), given=given)


NO_TIMES: Final = TagTimes()
