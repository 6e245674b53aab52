"""The dispatcher: tries what is due, one after another in each lane, many lanes side by side."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import structlog
from prometheus_client import Counter

from rapport_automation.deliveries.model import (
    PAUSE_AFTER_REFUSALS,
    Delivery,
    DeliveryStatus,
    Outcome,
    next_try,
)
from rapport_automation.deliveries.repository import DeliveryRepository
from rapport_automation.deliveries.sender import Sender
from rapport_automation.deliveries.visibility import masked, may_know, type_of
from rapport_automation.webhooks.model import PausedReason, Webhook
from rapport_automation.webhooks.repository import WebhookRepository
from rapport_automation.work import AutomationWork
from rapport_shared.access import Directory
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.delivery import Lease
from rapport_shared.errors import Unauthenticated
from rapport_shared.events import decode
from rapport_shared.logs import failure_facts
from rapport_shared.mongo import DatabaseError
from rapport_shared.persistence import Transactions
from rapport_shared.rights import EVERYTHING

POLL_SECONDS: Final = 0.5
AT_ONCE: Final = 50
PER_WEBHOOK: Final = 5

TRIED = Counter("rapport_webhook_deliveries", "Tries of webhook deliveries by outcome.", ["outcome"])

log = structlog.get_logger(__name__)


class Dispatcher:
    """Works while it has the lease. A crash between a try and its note has the try repeated: with the same id."""

    def __init__(
        self,
        transactions: Transactions[AutomationWork],
        deliveries: DeliveryRepository,
        webhooks: WebhookRepository,
        directory: Directory,
        sender: Sender,
        lease: Lease,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._deliveries = deliveries
        self._webhooks = webhooks
        self._directory = directory
        self._sender = sender
        self._lease = lease
        self._clock = clock
        self._busy: dict[str, str] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    await self.start_due(tasks)
                except DatabaseError as failure:
                    log.warning("deliveries not read", **failure_facts(failure))
                await asyncio.sleep(POLL_SECONDS)

    async def start_due(self, tasks: asyncio.TaskGroup) -> None:
        """Start what is due and has room, as tasks of the group. Raises DatabaseError."""
        if not await self._lease.hold():
            return
        await self._directory.loaded()
        known = {webhook.id: webhook for webhook in await self._webhooks.listening()}
        open_ = [identifier for identifier, webhook in known.items() if webhook.paused_reason is None]
        if not open_:
            return
        due = await self._deliveries.due(
            self._clock(), AT_ONCE, without=self._busy, webhooks=[name for name in open_ if self._has_room(name)]
        )
        for delivery in due:
            if len(self._busy) < AT_ONCE and self._has_room(delivery.webhook_id):
                self._busy[delivery.lane] = delivery.webhook_id
                task = tasks.create_task(self._deliver(delivery, known))
                task.add_done_callback(partial(self._done, delivery.lane))

    def _has_room(self, webhook_id: str) -> bool:
        return sum(1 for busy in self._busy.values() if busy == webhook_id) < PER_WEBHOOK

    def _done(self, lane: str, _: asyncio.Task[None]) -> None:
        del self._busy[lane]

    async def _deliver(self, delivery: Delivery, known: Mapping[str, Webhook]) -> None:
        try:
            await self._try(delivery, known[delivery.webhook_id])
        except DatabaseError as failure:
            log.warning("delivery not noted", delivery=delivery.id, **failure_facts(failure))

    async def _try(self, delivery: Delivery, webhook: Webhook) -> None:
        body = self._visible(delivery, webhook)
        if body is None:
            TRIED.labels("skipped").inc()
            await self._deliveries.finish(delivery, DeliveryStatus.SKIPPED, self._clock(), last_error="NOT_VISIBLE")
            return
        sent_at = self._clock()
        outcome = await self._sender.send(
            webhook.url, body, message_id=delivery.order, secrets=webhook.secrets(sent_at), now=sent_at
        )
        TRIED.labels("heard" if outcome.heard else "failed").inc()
        attempts = delivery.attempts + 1
        facts = {"attempts": attempts, "last_status": outcome.status, "last_error": outcome.error}
        if outcome.heard:
            await self._deliveries.finish(delivery, DeliveryStatus.DELIVERED, self._clock(), **facts)
            return
        again = next_try(attempts, outcome, self._clock())
        if again is not None:
            await self._deliveries.postpone(delivery, again, **facts)
            return
        await self._transactions.run(partial(self._give_up, delivery, outcome, facts))

    async def _give_up(
        self, delivery: Delivery, outcome: Outcome, facts: Mapping[str, Any], work: AutomationWork
    ) -> None:
        """The delivery has failed; where its server is no use at present, the webhook pauses, and its owner is told."""
        now = self._clock()
        await work.deliveries.finish(delivery, DeliveryStatus.FAILED, now, **facts)
        reason = PausedReason.UNREACHABLE if outcome.can_heal else PausedReason.GONE if outcome.gone else None
        if reason is None:
            refused = await work.deliveries.refusals_in_a_row(delivery.webhook_id, PAUSE_AFTER_REFUSALS)
            reason = PausedReason.REFUSED if refused == PAUSE_AFTER_REFUSALS else None
        webhook = await work.webhooks.find(delivery.webhook_id, EVERYTHING)
        if reason is not None and webhook is not None and webhook.deleted_at is None:
            webhook.pause(reason, now=now)
            await work.webhooks.save(webhook, by=SYSTEM)

    def _visible(self, delivery: Delivery, webhook: Webhook) -> bytes | None:
        """The event as the webhook's owner may know it now; None where they may not, or may not act any more."""
        try:
            owner = self._directory.actor(Actor(webhook.owner_id, ""))
        except Unauthenticated:
            return None
        policy = self._directory.policy
        _, event = decode(delivery.body)
        if not may_know(policy, owner, event):
            return None
        return masked(delivery.body, policy.fields(owner, type_of(event.routing_key)).hidden)
