"""Events of the automation service."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class WebhookState:
    """Which events a webhook is told of, and whether it is; ``paused_reason`` is a stable code."""

    owner_id: str
    events: tuple[str, ...]
    active: bool
    paused_reason: str | None
    deleted: bool = False


@event("automation.webhook.created", version=1, subject="webhook_id")
class WebhookCreated(Event):
    """A webhook exists."""

    webhook_id: str
    after: WebhookState


@event("automation.webhook.updated", version=1, subject="webhook_id")
class WebhookUpdated(Event):
    """A webhook changed; ``changed`` names the fields."""

    webhook_id: str
    changed: tuple[str, ...]
    before: WebhookState
    after: WebhookState


@event("automation.webhook.paused", version=1, subject="webhook_id")
class WebhookPaused(Event):
    """A webhook is told nothing until somebody resumes it: its server refused too much, or was away for too long."""

    webhook_id: str
    before: WebhookState
    after: WebhookState


@event("automation.webhook.deleted", version=1, subject="webhook_id")
class WebhookDeleted(Event):
    """A webhook is gone, with what it had not been told yet."""

    webhook_id: str
    before: WebhookState
    after: WebhookState


@dataclass(frozen=True, kw_only=True)
class ReplayState:
    """Which events are sent to which queue again, and how far that is."""

    queue: str
    events: tuple[str, ...]
    status: str


@event("automation.replay.started", version=1, subject="replay_id")
class ReplayStarted(Event):
    """Events of the log are to be sent to a queue again."""

    replay_id: str
    after: ReplayState


@event("automation.replay.ended", version=1, subject="replay_id")
class ReplayEnded(Event):
    """All of them have been sent, or it cannot be done."""

    replay_id: str
    before: ReplayState
    after: ReplayState
