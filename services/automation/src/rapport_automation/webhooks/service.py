"""The use cases of webhooks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rapport_automation.webhooks.model import PausedReason, Webhook
from rapport_automation.webhooks.repository import WebhookRepository
from rapport_automation.work import AutomationWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "Webhook"
ID_PREFIX: Final = "whk"


class WebhookService(Records[Webhook]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[AutomationWork], webhooks: WebhookRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(webhooks, policy, TYPE)
        self.transactions = transactions
        self._clock = clock

    @transactional
    async def create(
        self, work: AutomationWork, details: Mapping[str, Any], *, idempotency_key: str | None, by: Actor
    ) -> Webhook:
        """A new webhook of the caller's: it is told what the caller may know at each time."""
        if self.scope(by, Verb.CREATE).reach is Reach.NONE:  # any other reach has one's own
            raise NotAllowed("Your role may not create webhooks.", path=("input",))
        webhook = Webhook.create(new_id(ID_PREFIX), details, owner_id=by.id, now=self._clock())
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createWebhook", by=by, body=details, result_id=webhook.id
        )
        if earlier is not None:
            return await self.load(work.webhooks, earlier, Verb.READ, by=by)
        await work.webhooks.save(webhook, by=by)
        return webhook

    @transactional
    async def update(
        self,
        work: AutomationWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Webhook:
        """Change what is named; ``active`` pauses and resumes."""
        webhook = await self._changeable(work, identifier, expected_version, by)
        values = dict(changes)
        active = values.pop("active", None)
        now = self._clock()
        webhook.update(values, now=now)
        if active is True:
            webhook.resume(now=now)
        elif active is False:
            webhook.pause(PausedReason.BY_USER, now=now)
        await work.webhooks.save(webhook, by=by)
        return webhook

    @transactional
    async def rotate_secret(
        self, work: AutomationWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> Webhook:
        """A new secret; the present one signs as well for another day."""
        webhook = await self._changeable(work, identifier, expected_version, by)
        webhook.rotate_secret(now=self._clock())
        await work.webhooks.save(webhook, by=by)
        return webhook

    @transactional
    async def delete(
        self, work: AutomationWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> Webhook:
        """End a webhook; what it was not told yet is dropped."""
        webhook = await self.load(work.webhooks, identifier, Verb.DELETE, by=by)
        webhook.expect_version(expected_version)
        webhook.delete(now=self._clock())
        await work.webhooks.save(webhook, by=by)
        await work.deliveries.drop(identifier)
        return webhook

    @transactional
    async def replay(self, work: AutomationWork, identifier: str, since: datetime, *, by: Actor) -> int:
        """Tell it again what happened since then, as far as deliveries are kept; how many events that is."""
        await self.load(work.webhooks, identifier, Verb.UPDATE, by=by)
        return await work.deliveries.again({"webhook_id": identifier, "created_at": {"$gte": since}}, self._clock())

    @transactional
    async def retry(self, work: AutomationWork, webhook_id: str, delivery_id: str, *, by: Actor) -> int:
        """Tell it one event again."""
        await self.load(work.webhooks, webhook_id, Verb.UPDATE, by=by)
        return await work.deliveries.again({"_id": delivery_id, "webhook_id": webhook_id}, self._clock())

    async def _changeable(self, work: AutomationWork, identifier: str, expected: int | None, by: Actor) -> Webhook:
        webhook = await self.load(work.webhooks, identifier, Verb.UPDATE, by=by)
        webhook.expect_version(expected)
        return webhook
