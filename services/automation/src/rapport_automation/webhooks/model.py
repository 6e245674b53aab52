"""A webhook: tells another system of events, as far as its owner may know of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from rapport_automation.webhooks.values import new_secret, valid_description, valid_patterns, valid_url
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.automation import (
    WebhookCreated,
    WebhookDeleted,
    WebhookPaused,
    WebhookState,
    WebhookUpdated,
)

SECRET_OVERLAP: Final = timedelta(hours=24)


class PausedReason(StrEnum):
    """Why a webhook is told nothing."""

    BY_USER = "BY_USER"
    UNREACHABLE = "UNREACHABLE"
    REFUSED = "REFUSED"
    GONE = "GONE"


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "url": valid_url,
    "events": valid_patterns,
    "description": valid_description,
}
_REQUIRED: Final = frozenset({"url", "events"})


@dataclass(kw_only=True)
class Webhook(Aggregate):
    """``events`` are patterns of routing keys; ``former_secret`` signs as well, until ``former_secret_until``."""

    owner_id: str
    url: str
    events: tuple[str, ...]
    description: str | None = None
    paused_reason: PausedReason | None = None
    secret: str = field(repr=False)
    former_secret: str | None = field(default=None, repr=False)
    former_secret_until: datetime | None = None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def create(cls, identifier: str, details: Mapping[str, Any], *, owner_id: str, now: datetime) -> "Webhook":
        """A new active webhook with a secret of its own; raises the fault of a bad value."""
        webhook = cls(
            id=identifier, owner_id=owner_id, secret=new_secret(), created_at=now, updated_at=now, **_checked(details)
        )
        webhook.record(WebhookCreated(webhook_id=identifier, after=webhook.state()))
        return webhook

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named. Nothing happens where nothing differs."""
        checked = _checked(changes)
        changed = self.differing(checked)
        if not changed:
            return
        self._change(changed, checked, now)

    def pause(self, reason: PausedReason, *, now: datetime) -> None:
        """Tell it nothing from now on; what happens meanwhile waits. Nothing happens where it is paused already."""
        if self.paused_reason is not None:
            return
        before = self.state()
        self.paused_reason, self.updated_at = reason, now
        self.record(WebhookPaused(webhook_id=self.id, before=before, after=self.state()))

    def resume(self, *, now: datetime) -> None:
        """Tell it what waits, and what happens from now on."""
        if self.paused_reason is not None:
            self._change(("paused_reason",), {"paused_reason": None}, now)

    def rotate_secret(self, *, now: datetime) -> None:
        """A new secret; the present one signs as well for another day."""
        values = {"secret": new_secret(), "former_secret": self.secret, "former_secret_until": now + SECRET_OVERLAP}
        self._change(("secret",), values, now)

    def delete(self, *, now: datetime) -> None:
        """Tell it nothing more, for good."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(WebhookDeleted(webhook_id=self.id, before=before, after=self.state()))

    def secrets(self, now: datetime) -> list[str]:
        """The secrets that sign at this time, the newest first."""
        until = self.former_secret_until
        former = [self.former_secret] if self.former_secret is not None and until is not None and now < until else []
        return [self.secret, *former]

    def state(self) -> WebhookState:
        """What others may know."""
        return WebhookState(
            owner_id=self.owner_id,
            events=self.events,
            active=self.paused_reason is None and self.deleted_at is None,
            paused_reason=None if self.paused_reason is None else self.paused_reason.value,
            deleted=self.deleted_at is not None,
        )

    def _change(self, changed: tuple[str, ...], values: Mapping[str, Any], now: datetime) -> None:
        before = self.state()
        self.assign(values)
        self.updated_at = now
        self.record(WebhookUpdated(webhook_id=self.id, changed=changed, before=before, after=self.state()))


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in details.items() if value is not None or name not in _REQUIRED}
    return {name: None if value is None else _RULES[name](value) for name, value in given.items()}
